/// Every protobuf of the wire and of the disk, generated from `protos/` by `generate.sh`.
///
/// The generated names are `Wire_Open`, `Trie_Node`, `Drive_Stat` and so on. They are what the
/// bytes say and nothing more: modules above turn them into types of their own and check every
/// value before it is believed.
///
/// ```swift
/// var open = Wire_Open()
/// open.discoveryKey = Data(repeating: 7, count: 32)
/// let bytes: [UInt8] = try open.serializedBytes()
/// let again = try Wire_Open(serializedBytes: bytes)
/// print(again.discoveryKey.count, again.hasCapability)  // 32 false
/// ```
public enum WireMessages {}
