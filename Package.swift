// swift-tools-version: 6.2
import PackageDescription

// `make fuzz` sets it: Tests/FuzzTests becomes an executable with libFuzzer in it, and our code
// tells libFuzzer and the address sanitizer what it does.
let isFuzzing = Context.environment["HYPERFS_FUZZ"] == "1"

// Warnings are errors in every target of ours; dependencies keep their own rules.
let strict: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
    ] + (isFuzzing ? [.unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing"])] : [])

/// A room of the house: a target, the library product of the same name, and its tests.
struct Room {
    let name: String
    let needs: [Target.Dependency]
    var testNeeds: [Target.Dependency] = []
}

let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let toml: Target.Dependency = .product(name: "TOMLKit", package: "TOMLKit")
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let heap: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")
let ordered: Target.Dependency = .product(name: "OrderedCollections", package: "swift-collections")

// Imports point down this list only (DESIGN.md section 1).
let rooms: [Room] = [
    Room(name: "HyperCrypto", needs: ["CSodium"]),
    Room(name: "WireMessages", needs: [protobuf]),
    Room(name: "Hypercore", needs: ["HyperCrypto", deque]),
    Room(
        name: "Replication",
        needs: ["Hypercore", "HyperCrypto", "WireMessages", deque, heap, ordered],
        testNeeds: ["SwarmSimulation"]),
    Room(name: "Corestore", needs: ["Replication", "Hypercore", "HyperCrypto"]),
    Room(name: "Hypertrie", needs: ["Hypercore", "HyperCrypto", "WireMessages", ordered]),
    Room(
        name: "Hyperdrive",
        needs: ["Hypertrie", "Corestore", "Hypercore", "HyperCrypto", "WireMessages", ordered]),
    Room(
        name: "Hyperswarm", needs: ["HyperCrypto", "CMiniUPnP", nioCore, nioPosix, deque],
        testNeeds: ["DHTSimulation"]),
    Room(name: "FileTree", needs: ["Hyperdrive", "Hypercore", "HyperCrypto", ordered]),
    Room(name: "FuseMount", needs: ["FileTree", "CFuse", metrics]),
    Room(
        name: "Node",
        needs: [
            "FuseMount", "FileTree", "Hyperdrive", "Hypertrie", "Corestore", "Replication",
            "Hypercore", "HyperCrypto", "Hyperswarm", nioCore, nioPosix, nioHTTP, logging,
            metrics,
        ]),
]

let package = Package(
    name: "hyperfs",
    products: rooms.map { .library(name: $0.name, targets: [$0.name]) }
        + [
            .library(name: "DHTSimulation", targets: ["DHTSimulation"]),
            .library(name: "SwarmSimulation", targets: ["SwarmSimulation"]),
            .executable(name: "hyperfs", targets: ["hyperfs"]),
        ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CSodium", path: "Modules/CSodium", pkgConfig: "libsodium",
            providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(
            name: "CFuse", path: "Modules/CFuse", pkgConfig: "fuse3",
            providers: [.apt(["libfuse3-dev", "fuse3"])]),
        // Optional: without it routers that speak only UPnP are not asked (see its shim.h).
        .systemLibrary(
            name: "CMiniUPnP", path: "Modules/CMiniUPnP", pkgConfig: "miniupnpc",
            providers: [.apt(["libminiupnpc-dev"])]),
        .executableTarget(
            name: "hyperfs",
            dependencies: [
                "Node", toml,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        // Runs the built command as a user does, and looks into its small parts.
        .testTarget(
            name: "CommandTests", dependencies: ["hyperfs", "TestSupport"], swiftSettings: strict),
        .target(
            name: "TestSupport", dependencies: ["HyperCrypto", "Hypercore"],
            path: "Tests/TestSupport",
            swiftSettings: strict),
        // A whole network of DHT nodes in one thread: for tests, and for the benchmarks.
        .target(
            name: "DHTSimulation", dependencies: ["Hyperswarm", "TestSupport", heap],
            path: "Tests/DHTSimulation", swiftSettings: strict),
        // Whole nodes that replicate over lines of given speed: likewise.
        .target(
            name: "SwarmSimulation",
            dependencies: ["Replication", "Hypercore", "HyperCrypto", "TestSupport", heap, deque],
            path: "Tests/SwarmSimulation", swiftSettings: strict),
    ]
        + rooms.map {
            .target(
                name: $0.name, dependencies: $0.needs,
                exclude: $0.name == "WireMessages" ? ["protos", "generate.sh"] : [],
                swiftSettings: strict)
        }
        + (isFuzzing ? fuzzers : tests)
)

var fuzzers: [Target] {
    [
        .systemLibrary(name: "CFuzzer", path: "Modules/CFuzzer"),
        .executableTarget(
            name: "fuzz",
            dependencies: ["Hyperdrive", "Hyperswarm", "TestSupport", "CFuzzer", nioCore],
            path: "Tests/FuzzTests",
            exclude: ["CorpusTests.swift"], swiftSettings: strict,
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address"])]),
    ]
}

var tests: [Target] {
    rooms.map {
        .testTarget(
            name: "\($0.name)Tests",
            dependencies: [.byName(name: $0.name), "TestSupport"]
                + $0.needs.filter {
                    if case .byNameItem(let name, _) = $0 {
                        return !name.hasPrefix("C") || name == "Corestore"
                    }
                    return true
                } + $0.testNeeds,
            swiftSettings: strict)
    } + [
        .testTarget(name: "TidyTests", swiftSettings: strict),
        .testTarget(
            name: "ExampleTests", dependencies: everything + [nioCore, nioPosix, protobuf],
            swiftSettings: strict),
        .testTarget(
            name: "FuzzTests",
            dependencies: ["Hyperdrive", "Hyperswarm", "TestSupport", nioCore],
            path: "Tests/FuzzTests", exclude: ["Entry"], swiftSettings: strict),
    ]
}

var everything: [Target.Dependency] { rooms.map { .byName(name: $0.name) } + ["TestSupport"] }
