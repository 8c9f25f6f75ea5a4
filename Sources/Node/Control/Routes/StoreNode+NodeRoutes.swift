import Foundation
import HyperCrypto

/// The node itself: who it is, how it does, when it ends.
extension StoreNode {
    /// `GET /v1/node`
    var identity: JSONValue {
        [
            "version": .string(Product.version), "pid": .number(UInt64(getpid())),
            "store": .string(configuration.engine.store),
            "started": .string(started.ISO8601Format()),
            "listen": .array(engine.addresses.map { .string($0.description) }),
            "network": engine.networkSummary,
            "idle": .bool(occupancy.count == 0), "instance": .string(instance),
            "log": configuration.logFile.map { .string($0) } ?? .null,
            "replaced": takeover.withLock { $0?.json } ?? .null,
        ]
    }

    /// `GET /v1/status`
    func status() async -> JSONValue {
        let bytes = engine.transferred
        let rates = engine.rates
        return [
            "node": identity, "mounts": .array(mounts.all.map(\.json)),
            "shares": .array(shares.all.map(\.json)), "seeds": .array(seeds.all.map(\.json)),
            "peers": .array(await engine.peerDetails()),
            "search": .string(await engine.search),
            "cache": [
                "limit": engine.cache.limit.map { .number($0) } ?? .null,
                "bytes": engine.cache.bytes.map { .number($0) } ?? .null,
            ],
            "bytesReceived": .number(bytes.received), "bytesSent": .number(bytes.sent),
            "rates": [
                "receivedPerSecond": .number(rates.received),
                "sentPerSecond": .number(rates.sent),
            ],
        ]
    }

    /// `GET /v1/peers?drive=KEY`
    func peers(_ request: ControlRequest) async throws -> ControlAnswer {
        guard let text = try request.optionalText("drive") else {
            return .value(.array(await engine.peerDetails()))
        }
        let key = try engine.key(of: DriveReference(text))
        return .value(.array(await engine.peerDetails(of: key.discoveryKey)))
    }

    /// `POST /v1/node/stop`: with `ifIdle` only when nothing but this request keeps it.
    func stop(_ request: ControlRequest) throws -> ControlAnswer {
        if try request.flag("ifIdle"), occupancy.count > 1 {
            throw NodeError(.failed, "the node is in use", hint: "'hyperfs status' shows by what")
        }
        return .lines { stream in
            try await stream.send(["event": "ending"])
            self.end()
        }
    }

    /// `GET /v1/events`
    func events(_ request: ControlRequest) throws -> ControlAnswer {
        let events = events
        return .events { stream in
            // At once, so that the listener knows that nothing escapes from now on.
            let heard = events.listen()
            try await stream.send(["event": "listening"])
            for await event in heard { try await stream.send(event) }
        }
    }
}

extension Engine {
    /// That of its configuration, with the limits of now.
    var networkSummary: JSONValue {
        var now = configuration
        (now.limitUp, now.limitDown) = limits
        return now.networkSummary
    }
}

extension Engine.Configuration {
    /// What of the network is on, and where, for those who want to compare.
    public var networkSummary: JSONValue {
        guard let network else { return ["offline": true] }
        return [
            "offline": false,
            "listen": .array(network.listen.map { .string($0.description) }),
            "mdns": .bool(network.mdns), "dht": .bool(network.dht),
            "mainline": .bool(network.mainline), "utp": .bool(network.utp),
            "portMapping": .bool(network.portMapping),
            "bootstrap": .array(network.bootstrap.map { .string($0.description) }),
            "relays": .array(network.relays.map { .string($0.description) }),
            "limitUp": limitUp.map { .number($0) } ?? .null,
            "limitDown": limitDown.map { .number($0) } ?? .null,
        ]
    }
}
