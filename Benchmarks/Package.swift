// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nobody who builds hyperfs pays for it.
let package = Package(
    name: "hyperfs-benchmarks",
    dependencies: [.package(name: "hyperfs", path: "..")],
    targets: [
        .executableTarget(
            name: "bench",
            dependencies: [
                .product(name: "HyperCrypto", package: "hyperfs"),
                .product(name: "Hyperswarm", package: "hyperfs"),
                .product(name: "DHTSimulation", package: "hyperfs"),
                .product(name: "SwarmSimulation", package: "hyperfs"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)])
    ])
