import Foundation
import TestSupport
import Testing

@testable import Hyperswarm

/// A libtorrent of Debian on the loopback: uTP only, a node of the Mainline DHT, and one file that
/// it seeds.
final class Libtorrent {
    /// Bytes of the file.
    let payload: [UInt8]
    let address: Swarm.Address
    /// 20 bytes.
    let infoHash: [UInt8]
    static let pieceBytes = 256 << 10

    private let folder: TemporaryFolder
    private let process = Process()
    private let input = Pipe()

    /// `nil` where it is not installed.
    init?(payloadBytes: Int) throws {
        let python = "/usr/bin/python3"
        let module = "/usr/lib/python3/dist-packages/libtorrent.cpython-311-x86_64-linux-gnu.so"
        guard FileManager.default.fileExists(atPath: module) else { return nil }
        folder = try TemporaryFolder()
        payload = (0..<payloadBytes).map {
            UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8 ^ $0 >> 16)
        }
        try Data(payload).write(to: URL(fileURLWithPath: folder("payload")))
        try Self.script.write(toFile: folder("peer.py"), atomically: false, encoding: .utf8)
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = [folder("peer.py"), folder.path, String(Self.pieceBytes)]
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var line = ""
        while !line.hasSuffix("\n"), case let part = output.fileHandleForReading.availableData,
            !part.isEmpty
        {
            line += String(decoding: part, as: UTF8.self)
        }
        let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
        try #require(words.count == 2, "libtorrent said: \(line)")
        address = Swarm.Address(host: "127.0.0.1", port: try #require(Int(words[0])))
        infoHash = try #require([UInt8](hex: words[1]))
    }

    /// Makes it connect to us.
    func connect(to address: Swarm.Address) throws {
        try input.fileHandleForWriting.write(contentsOf: Data("\(address.port)\n".utf8))
    }

    /// It ends with its input.
    func stop() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    private static let script = """
        import sys, time
        import libtorrent as lt
        folder, piece = sys.argv[1], int(sys.argv[2])
        session = lt.session({
            'listen_interfaces': '127.0.0.1:0', 'enable_dht': True, 'enable_lsd': False,
            'enable_upnp': False, 'enable_natpmp': False, 'dht_bootstrap_nodes': '',
            'enable_incoming_tcp': False, 'enable_outgoing_tcp': False,
            'unchoke_slots_limit': -1, 'allow_multiple_connections_per_ip': True,
            'in_enc_policy': 2, 'out_enc_policy': 2,
            'dht_restrict_routing_ips': False, 'dht_restrict_search_ips': False,
            'dht_enforce_node_id': False, 'dht_ignore_dark_internet': False,
            'dht_prefer_verified_node_ids': False})
        files = lt.file_storage()
        lt.add_files(files, folder + '/payload')
        torrent = lt.create_torrent(files, piece)
        lt.set_piece_hashes(torrent, folder)
        info = lt.torrent_info(lt.bdecode(lt.bencode(torrent.generate())))
        handle = session.add_torrent({'ti': info, 'save_path': folder,
                                      'flags': lt.torrent_flags.seed_mode})
        handle.resume()
        while session.listen_port() == 0 or not handle.status().is_seeding:
            time.sleep(0.01)
        print(session.listen_port(), info.info_hash(), flush=True)
        for line in sys.stdin:
            handle.connect_peer(('127.0.0.1', int(line)))
        session.pause()
        """
}
