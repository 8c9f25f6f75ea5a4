import NIOCore
import Testing

@testable import Hyperswarm

@Suite(.timeLimit(.minutes(1)))
struct NetworkObserverTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private let home = NetworkPlace(
        addresses: [.v4(0x0a00_0102)],
        gateway: DefaultGateway(router: .v4(0x0a00_0101), interface: "eth0"))

    @Test func nothingIsToldWhileNothingChanges() {
        var observer = NetworkObserver(home, now: start, awake: start)
        for turn in 1...100 {
            let now = start + .seconds(Int64(5 * turn))
            #expect(observer.nextDeadline == now)
            #expect(observer.look(home, now: now, awake: now).isEmpty)
        }
    }

    @Test func anotherAddressIsNewsOnce() {
        var observer = NetworkObserver(home, now: start, awake: start)
        var away = home
        away.addresses = [.v4(0x0a00_0103)]
        let now = start + .seconds(1)
        #expect(observer.look(away, now: now, awake: now) == [.moved(away)])
        let later = now + .seconds(5)
        #expect(observer.look(away, now: later, awake: later).isEmpty)
    }

    @Test func anotherRouterIsNewsWithTheSameAddress() {
        var observer = NetworkObserver(home, now: start, awake: start)
        var away = home
        away.gateway = nil
        #expect(observer.look(away, now: start, awake: start) == [.moved(away)])
    }

    /// Asleep the clock of the deadlines stands still; a process that was stopped sees both jump.
    @Test(arguments: [TimeAmount.seconds(5), .minutes(10)])
    func aJumpOfTheClockIsASleep(_ awake: TimeAmount) {
        var observer = NetworkObserver(home, now: start, awake: start)
        let news = observer.look(home, now: start + .minutes(10), awake: start + awake)
        #expect(news == [.woke])
    }

    @Test func aLoopThatIsLateHasNotSlept() {
        var observer = NetworkObserver(home, now: start, awake: start)
        let now = start + .seconds(15)
        #expect(observer.look(home, now: now, awake: now).isEmpty)
    }

    @Test func newsComeWithPauses() {
        var observer = NetworkObserver(home, now: start, awake: start)
        #expect(observer.restsUntil(awake: start) == nil)
        _ = observer.look(NetworkPlace(), now: start, awake: start)
        #expect(observer.restsUntil(awake: start + .seconds(1)) == start + .seconds(2))
        #expect(observer.restsUntil(awake: start + .seconds(2)) == nil)
    }

    @Test func theWayToOurselvesBeginsAtTheLoopback() throws {
        let loopback = try #require(IPAddress("127.0.0.1"))
        #expect(NetworkPlace.source(to: Endpoint(ip: loopback, port: 9)) == loopback)
        #expect(NetworkPlace.current().addresses.allSatisfy { !$0.isLoopback })
    }
}
