import HyperCrypto
import Node

/// What `share` and `create` say first: the key, before anything else is known.
enum KeyEvent {
    static func json(_ key: PublicKey, path: String) -> JSONValue {
        [
            "event": "key", "key": .string(key.hex), "url": .string("hyper://\(key.hex)"),
            "path": .string(path), "writable": true,
        ]
    }
}
