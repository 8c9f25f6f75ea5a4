/// Two peers exchanging feeds over one byte stream: the session (handshake, encryption, framing,
/// channels, extensions) and the scheduler that decides who is asked for what
/// (docs/spec/hypercore-protocol.md, docs/spec/hypercore.md section 11, DESIGN.md section 3).
///
/// Pure: no sockets, clocks, threads or disks of its own. Bytes and a time go in, bytes and the
/// next deadline come out.
public enum Replication {}
