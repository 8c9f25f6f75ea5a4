import Corestore
import HyperCrypto
import Hypercore
import Testing

@Suite(.timeLimit(.minutes(1)))
struct CorestoreExample {
    @Test func runs() throws {
        // -- the example
        let store = Store(memory: SystemRandom())  // or Store(folder: path)
        let notes = try store.feed(name: "notes")  // its key comes from the master key and the name
        try notes.append([Array("first".utf8)])

        let same = try store.feed(key: notes.key)
        print(same === notes, store.feed(discoveryKey: notes.discoveryKey) === notes)  // true true
        try store.close()
        // -- its end
    }
}
