/// Every protobuf of the wire and of the disk, generated from `protos/` by `generate.sh`.
///
/// The generated names are `Wire_Open`, `Trie_Node`, `Drive_Stat` and so on. They are what the
/// bytes say and nothing more: modules above turn them into types of their own and check every
/// value before it is believed.
public enum WireMessages {}
