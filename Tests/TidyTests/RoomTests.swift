import Testing

@Suite(.timeLimit(.minutes(10)))
struct RoomTests {
    private let tree = SourceTree.shared

    @Test func importsPointDownOnly() throws {
        let rooms = tree.rooms
        try #require(rooms.first == "HyperCrypto" && rooms.last == "Node")
        let height = Dictionary(uniqueKeysWithValues: rooms.enumerated().map { ($1, $0) })
        for file in tree.product {
            let own = height[file.folder] ?? rooms.count
            for name in file.imports {
                guard let other = height[name] else { continue }
                #expect(other < own, "\(file.path) imports \(name), which is not below it")
            }
            let isBare = !file.imports.contains("TestSupport") && !file.imports.contains("Testing")
            #expect(isBare, "\(file.path) needs tests to run")
        }
    }

    @Test func eachLibraryInCIsImportedByOneRoom() {
        let owners = ["CSodium": "HyperCrypto", "CFuse": "FuseMount", "CMiniUPnP": "Hyperswarm"]
        for file in tree.swift {
            for name in file.imports {
                guard let owner = owners[name] else { continue }
                #expect(file.folder == owner, "\(file.path): only \(owner) imports \(name)")
            }
        }
    }

    @Test func cIsNowhereButInModules() {
        let endings = [".c", ".h", ".cc", ".cpp", ".m", ".modulemap", ".s", ".S"]
        for file in tree.files where endings.contains(where: file.path.hasSuffix) {
            #expect(file.path.hasPrefix("Modules/"), "\(file.path): C belongs to Modules")
        }
    }

    @Test func importsAreSortedAndSingle() {
        for file in tree.swift {
            let plain = file.lines(with: "import ").map(file.codeLine)
                .filter { $0.hasPrefix("import ") }
            #expect(plain == Array(Set(plain)).sorted(), "\(file.path): imports out of order")
        }
    }

    @Test func everyRoomIntroducesItself() {
        for room in tree.rooms + ["TestSupport"] {
            let folder = room == "TestSupport" ? "Tests" : "Sources"
            let path = "\(folder)/\(room)/\(room).swift"
            guard let header = tree[path] else {
                Issue.record("\(path) is missing: one paragraph on what the room is")
                continue
            }
            #expect(header.line(0).hasPrefix("/// "), "\(path) starts with prose")
            #expect(header.contains("public enum \(room) {}"), "\(path) declares \(room)")
        }
    }

    @Test func everyRoomIsTestedInAFolderOfItsName() {
        for room in tree.rooms {
            let tests = tree.tests.filter { $0.folder == room + "Tests" }
            #expect(tests.contains { $0.contains("@Test") }, "no tests for \(room)")
            let skeleton = tests.first { $0.name == "SkeletonTests.swift" }
            #expect(skeleton == nil, "\(room) has real tests by now")
        }
    }

    @Test func theFormatsAreWrittenDown() {
        let pages = [
            "corestore", "hypercore", "hypercore-protocol", "hyperdrive", "hypertrie",
            "mountable-hypertrie",
        ]
        for page in pages {
            let lines = tree["docs/spec/\(page).md"]?.lineCount ?? 0
            #expect(lines > 40, "docs/spec/\(page).md must be there")
        }
    }

    /// `Drive+Rename.swift` extends `Drive`; `Drive.swift` declares it.
    @Test func aFileIsNamedAfterWhatIsInIt() {
        let declaration = /\b(?:struct|class|enum|protocol|actor|extension|typealias|func)\b/
        for file in tree.product {
            let noun = file.name.split(separator: ".")[0].split(separator: "+")[0]
            // `Resolve.swift` declares the function `resolve`.
            let verb = noun.prefix(1).lowercased() + noun.dropFirst()
            let isDeclared = [String(noun), verb].contains { name in
                file.lines(with: name).map(file.codeLine).contains { line in
                    line.contains(declaration) && line.contains(name)
                }
            }
            let isNamed =
                ["main", "Limits"].contains(noun) || Self.collections.contains(file.path)
                || isDeclared
            #expect(isNamed, "\(file.path) declares nothing of that name")
        }
    }

    /// Files of small extensions to types that are not ours.
    private static let collections: Set = [
        "Sources/HyperCrypto/Hex.swift", "Sources/HyperCrypto/Pointers.swift",
    ]
}
