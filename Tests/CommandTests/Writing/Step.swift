import Foundation
import TestSupport

/// One random thing that a program may do with files.
enum Step: Sendable {
    case open(slot: Int, path: String, flags: Int32, mode: mode_t)
    case close(slot: Int)
    case write(slot: Int, count: Int, seed: UInt64)
    case writeAt(slot: Int, offset: Int, count: Int, seed: UInt64)
    case readAt(slot: Int, offset: Int, count: Int)
    case writeMapped(slot: Int, offset: Int, count: Int, seed: UInt64)
    case resize(slot: Int, size: Int)
    case resizePath(path: String, size: Int)
    case allocate(slot: Int, mode: Int32, offset: Int, count: Int)
    case copyRange(from: Int, to: Int, offset: Int, position: Int, count: Int)
    case sync(slot: Int)
    case statOpen(slot: Int)
    case stat(path: String)
    case list(path: String)
    case makeFolder(path: String, mode: mode_t)
    case makeNode(path: String, mode: mode_t)
    case removeFolder(path: String)
    case remove(path: String)
    case rename(from: String, to: String, flags: UInt32)
    case makeLink(target: String, path: String)
    case readLink(path: String)
    case setMode(path: String, mode: mode_t)
    case setOwner(path: String, uid: uid_t, gid: gid_t)
    case setTimes(path: String, seconds: Int, isNow: Bool)
    case setAttribute(path: String, name: String, count: Int, flags: Int32)
    case removeAttribute(path: String, name: String)
    case attributes(path: String)

    static let slots = 6

    /// A step; names are few, so that steps meet.
    static func random(_ random: inout SeededRandom) -> Step {
        switch Int.random(in: 0...59, using: &random) {
        case 0...29: fileStep(&random)
        case 30...50: nameStep(&random)
        default: descriptionStep(&random)
        }
    }

    private static func fileStep(_ random: inout SeededRandom) -> Step {
        var dice = Dice(random: random)
        defer { random = dice.random }
        switch dice.number(0...29) {
        case 0...8:
            let access = dice.pick([O_RDONLY, O_WRONLY, O_RDWR, O_RDWR])
            let create = dice.pick([0, O_CREAT, O_CREAT, O_CREAT | O_EXCL])
            let more = dice.pick([0, 0, 0, O_TRUNC, O_APPEND])
            return .open(
                slot: dice.slot, path: dice.path, flags: access | create | more, mode: dice.mode)
        case 9...11: return .close(slot: dice.slot)
        case 12...14: return .write(slot: dice.slot, count: dice.count, seed: dice.seed)
        case 15...18:
            return .writeAt(
                slot: dice.slot, offset: dice.offset, count: dice.count, seed: dice.seed)
        case 19...22: return .readAt(slot: dice.slot, offset: dice.offset, count: dice.count)
        case 23:
            return .writeMapped(
                slot: dice.slot, offset: dice.offset, count: dice.count, seed: dice.seed)
        case 24: return .resize(slot: dice.slot, size: dice.offset)
        case 25: return .resizePath(path: dice.path, size: dice.offset)
        case 26:
            return .allocate(
                slot: dice.slot, mode: dice.pick([0, 1, 3, 0x10, 0x11]), offset: dice.offset,
                count: dice.count)
        case 27:
            return .copyRange(
                from: dice.slot, to: dice.slot, offset: dice.pick([0, dice.offset]),
                position: dice.pick([0, dice.offset]), count: dice.pick([dice.count, 1 << 20]))
        case 28: return .sync(slot: dice.slot)
        default: return .statOpen(slot: dice.slot)
        }
    }

    private static func nameStep(_ random: inout SeededRandom) -> Step {
        var dice = Dice(random: random)
        defer { random = dice.random }
        switch dice.number(0...20) {
        case 0...3: return .stat(path: dice.path)
        case 4...5: return .list(path: dice.pick([".", dice.path, dice.path]))
        case 6...9: return .makeFolder(path: dice.path, mode: dice.mode)
        case 10: return .makeNode(path: dice.path, mode: dice.mode)
        case 11...12: return .removeFolder(path: dice.path)
        case 13...15: return .remove(path: dice.path)
        default:
            return .rename(from: dice.path, to: dice.path, flags: dice.pick([0, 0, 0, 1, 2]))
        }
    }

    private static func descriptionStep(_ random: inout SeededRandom) -> Step {
        var dice = Dice(random: random)
        defer { random = dice.random }
        let name = dice.pick(["user.x", "user.y"])
        switch dice.number(0...8) {
        case 0: return .makeLink(target: dice.path, path: dice.path)
        case 1: return .readLink(path: dice.path)
        case 2: return .setMode(path: dice.path, mode: dice.mode)
        case 3:
            return .setOwner(
                path: dice.path, uid: dice.pick([0, 1, 2]), gid: dice.pick([0, 1, 2]))
        case 4: return .setTimes(path: dice.path, seconds: dice.number(1...2 << 30), isNow: false)
        case 5: return .setTimes(path: dice.path, seconds: 0, isNow: true)
        case 6:
            return .setAttribute(
                path: dice.path, name: name, count: dice.number(0...100),
                flags: dice.pick([0, 1, 2]))
        case 7: return .removeAttribute(path: dice.path, name: name)
        default: return .attributes(path: dice.path)
        }
    }
}

/// What random steps are made of.
private struct Dice {
    var random: SeededRandom

    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    mutating func pick<T>(_ choices: [T]) -> T { choices[number(0...choices.count - 1)] }

    var path: String {
        mutating get {
            (0..<pick([1, 1, 1, 2, 2, 3])).map { _ in pick(["a", "b", "c", "d"]) }
                .joined(separator: "/")
        }
    }

    var slot: Int { mutating get { number(0...Step.slots - 1) } }
    var offset: Int { mutating get { pick([0, number(0...5000), number(0...200_000)]) } }
    var count: Int {
        mutating get { pick([number(0...64), number(0...5000), number(0...90_000)]) }
    }
    var seed: UInt64 { mutating get { UInt64(number(0...1000)) } }
    var mode: mode_t { mutating get { pick([0o644, 0o600, 0o755, 0o700, 0o777, 0o4755]) } }
}
