import Testing

@Suite(.timeLimit(.minutes(10)))
struct LengthTests {
    @Test func noFileIsLongerThanFourHundredLines() {
        for file in SourceTree.shared.swift {
            // The last line ends with a line break too.
            #expect(file.lineCount <= 401, "\(file.path): \(file.lineCount - 1) lines")
        }
    }

    @Test func noFunctionIsLongerThanSixtyLines() {
        for file in SourceTree.shared.swift {
            for function in FunctionScanner.functions(in: file) where function.length > 60 {
                Issue.record(
                    "\(file.place(function.first)): \(function.name) has \(function.length) lines")
            }
        }
    }

    @Test func noLineIsLongerThanAHundredColumns() {
        for file in SourceTree.shared.swift {
            for index in 0..<file.lineCount where file.width(index) > 100 {
                Issue.record("\(file.place(index)): \(file.width(index)) columns")
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
        let file = SourceFile(path: "x.swift", bytes: Array(source.utf8))
        let found = FunctionScanner.functions(in: file)
        #expect(found.map(\.name) == ["init", "two"])
        #expect(found.map(\.length) == [3, 1])
    }
}
