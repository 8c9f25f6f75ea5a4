import HyperCrypto
import Hypercore

/// CONTRACT SKELETON. A key/value map inside a feed (docs/spec/hypertrie.md). Purely local: what is not here is thrown as MissingBlocks.
public final class Trie: Sendable {
    public let feed: Feed
    /// nil = live
    public let checkoutVersion: UInt64?
    public init(feed: Feed) throws { preconditionFailure() }
    /// Writes the header into an empty writable feed.
    public static func create(feed: Feed, metadata: [UInt8]?, subtype: String?) throws -> Trie { preconditionFailure() }
    public func header() throws -> TrieHeader { preconditionFailure() }
    /// Feed length, or the checkout's number. 0 and 1 = empty.
    public var version: UInt64 { preconditionFailure() }
    public func checkout(_ version: UInt64) -> Trie { preconditionFailure() }
    public func get(_ key: String, hidden: Bool = false, closest: Bool = false, prefix: Bool = false) throws -> TrieNode? { preconditionFailure() }
    public func node(at seq: UInt64) throws -> TrieNode? { preconditionFailure() }
    /// All writes are one append, durable on return. Returns the seqs.
    @discardableResult public func batch(_ operations: [TrieOperation]) throws -> [UInt64] { preconditionFailure() }
    @discardableResult public func put(_ key: String, _ value: [UInt8]?, hidden: Bool = false, flags: UInt64 = 0) throws -> UInt64 { preconditionFailure() }
    /// false = was not there
    @discardableResult public func delete(_ key: String, hidden: Bool = false) throws -> Bool { preconditionFailure() }
    public struct IterationOptions: Sendable, Equatable { public var recursive = true; public var reverse = false; public var gt = false; public var hidden = false; public init() {} }
    public func iterate(_ prefix: String, _ options: IterationOptions = .init()) -> TrieIterator { preconditionFailure() }
    /// Differences of this (newer) trie against an older one.
    public func diff(from older: Trie, prefix: String = "", hidden: Bool = false) -> TrieDiff { preconditionFailure() }
    /// Nodes by seq.
    public func history(from: UInt64 = 1, to: UInt64? = nil, reverse: Bool = false) -> TrieHistory { preconditionFailure() }
    // plus watch, conditions, checkpoint, the wire extension (TrieExtension.swift)
}
public struct TrieHeader: Sendable, Equatable { public var type: String; public var metadata: [UInt8]?; public var subtype: String? }
public struct TrieNode: Sendable { public let seq: UInt64; public let key: String; public let value: [UInt8]?; public let userFlags: UInt64; public let isHidden: Bool }
public enum TrieOperation: Sendable { case put(key: String, value: [UInt8]?, hidden: Bool = false, flags: UInt64 = 0), delete(key: String, hidden: Bool = false) }
/// next() throws MissingBlocks without losing its place: call it again once they are here.
public struct TrieIterator { public mutating func next() throws -> TrieNode? { preconditionFailure() } }
public struct TrieDiff { public struct Entry: Sendable { public let key: String; public let left: TrieNode?; public let right: TrieNode? }; public mutating func next() throws -> Entry? { preconditionFailure() } }
public struct TrieHistory { public mutating func next() throws -> TrieNode? { preconditionFailure() } }
