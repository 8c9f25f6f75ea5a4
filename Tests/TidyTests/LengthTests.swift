import Testing

@Suite(.timeLimit(.minutes(1)))
struct LengthTests {
    @Test func noFileIsLongerThanFourHundredLines() {
        for file in SourceTree.shared.swift where !Unfinished.holds(file) {
            #expect(file.lines.count <= 401, "\(file.path): \(file.lines.count - 1) lines")
        }
    }

    @Test func noFunctionIsLongerThanSixtyLines() {
        for file in SourceTree.shared.swift where !Unfinished.holds(file) {
            for function in FunctionScanner.functions(in: file) where function.length > 60 {
                Issue.record(
                    "\(file.place(function.first)): \(function.name) has \(function.length) lines")
            }
        }
    }

    @Test func noLineIsLongerThanAHundredColumns() {
        for file in SourceTree.shared.swift where !Unfinished.holds(file) {
            for (index, line) in file.lines.enumerated() where line.count > 100 {
                Issue.record("\(file.place(index)): \(line.count) columns")
            }
        }
    }

    @Test func functionsAreFoundWhateverStandsAroundThem() {
        let source = """
            protocol P { func bare(a: Int) -> Int; var x: Int { get } }
            struct S {
                init(f: () -> Void = { }) {
                    print("} \\(a { "}" })") // }
                }
                func two() { self.init() }
            }
            """
        let found = FunctionScanner.functions(in: SourceFile(path: "x.swift", text: source))
        #expect(found.map(\.name) == ["init", "two"])
        #expect(found.map(\.length) == [3, 1])
    }
}
