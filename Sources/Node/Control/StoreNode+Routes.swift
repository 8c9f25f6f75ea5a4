/// Everything the control socket knows (docs/control-api.md, docs/openapi.json): each group of
/// handlers has a file of its own in `Routes/`.
extension StoreNode {
    static let routes: [ControlRoute] =
        nodeRoutes + driveRoutes + mountRoutes + shareRoutes + editRoutes + webRoutes

    private static let nodeRoutes: [ControlRoute] = [
        ControlRoute(.get, "/v1/node", "Who the node is") { node, _ in .value(node.identity) },
        ControlRoute(.post, "/v1/node/stop", "End in good order") { try $0.stop($1) },
        ControlRoute(.post, "/v1/node/replace", "Give way to another program") {
            try $0.replace($1)
        },
        ControlRoute(.get, "/v1/status", "Everything at a glance") { node, _ in
            .value(await node.status())
        },
        ControlRoute(.get, "/v1/peers", "Who is connected") { try await $0.peers($1) },
        ControlRoute(.get, "/v1/events", "What happens, as it happens") { try $0.events($1) },
    ]

    private static let driveRoutes: [ControlRoute] = [
        ControlRoute(.get, "/v1/drives", "Drives that the store knows") { node, _ in
            .value(try await node.drives())
        },
        ControlRoute(.post, "/v1/drives", "Make a new, empty drive") { try await $0.create($1) },
        ControlRoute(.post, "/v1/keys", "Take the right to write a drive over") {
            try $0.importKey($1)
        },
        ControlRoute(.post, "/v1/drives/{drive}/refresh", "Learn of a newer version") {
            try await $0.refresh($1)
        },
        ControlRoute(.post, "/v1/drives/{drive}/fetch", "Fetch what a reader misses") {
            try await $0.fetch($1)
        },
        ControlRoute(.post, "/v1/drives/{drive}/get", "Copy to a local folder") {
            try await $0.copyOut($1)
        },
    ]

    private static let mountRoutes: [ControlRoute] = [
        ControlRoute(.get, "/v1/mounts", "What is mounted") { node, _ in
            .value(.array(node.mounts.all.map(\.json)))
        },
        ControlRoute(.post, "/v1/mounts", "Mount a drive") { try $0.mount($1) },
        ControlRoute(.delete, "/v1/mounts", "Unmount") { try await $0.unmount($1) },
    ]

    private static let shareRoutes: [ControlRoute] = [
        ControlRoute(.get, "/v1/shares", "What is shared") { node, _ in
            .value(.array(node.shares.all.map(\.json)))
        },
        ControlRoute(.post, "/v1/shares", "Share a folder") { try $0.share($1) },
        ControlRoute(.delete, "/v1/shares", "Stop sharing") { try await $0.unshare($1) },
        ControlRoute(.get, "/v1/seeds", "What is seeded") { node, _ in
            .value(.array(node.seeds.all.map(\.json)))
        },
        ControlRoute(.post, "/v1/seeds", "Keep a drive whole") { try await $0.seed($1) },
        ControlRoute(.delete, "/v1/seeds", "Stop seeding") { try await $0.unseed($1) },
    ]

    private static let webRoutes: [ControlRoute] = [
        ControlRoute(.post, "/v1/web", "Open the web page") { try $0.web($1) },
        ControlRoute(.get, "/v1/metrics", "Numbers for Prometheus") { node, _ in
            WebAnswer(type: MetricsServer.type, await node.metrics()).control(isHeadOnly: false)
        },
    ]
}
