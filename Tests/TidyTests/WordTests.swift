import Testing

@Suite(.timeLimit(.minutes(10)))
struct WordTests {
    private let tree = SourceTree.shared

    @Test func sourcesAreASCIIWithoutTabsAndTrailingSpaces() {
        for file in tree.files where !file.path.hasPrefix("docs/") {
            var bad = file.lines(with: " \n", anywhere: true)
            if file.path.hasSuffix(".swift") { bad += file.lines(with: "\t", anywhere: true) }
            if let place = file.bytes.firstIndex(where: { $0 > 0x7e }) {
                bad.append(file.lineNumber(of: place))
            }
            for index in bad {
                Issue.record("\(file.place(index)): a tab, a space at the end, or not ASCII")
            }
        }
    }

    @Test func nothingIsLeftForLater() {
        // In pieces, so that this file does not trip over itself.
        let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK:"]
        for file in tree.swift {
            for index in words.flatMap({ file.lines(with: $0, anywhere: true) }) {
                Issue.record("\(file.place(index)): finish it, or write an issue")
            }
        }
    }

    @Test func theProductNeitherGivesUpNorForces() {
        for file in tree.product {
            for index in file.lines(with: "!")
            where file.codeLine(index).contains(/\b(?:try|as)!|[\w)\]]!(?!=)/) {
                Issue.record("\(file.place(index)): force")
            }
            for word in ["fatalError(", "assertionFailure(", "preconditionFailure()"] {
                for index in file.lines(with: word) {
                    Issue.record("\(file.place(index)): \(word): throw, or say which rule broke")
                }
            }
        }
    }

    @Test func commentsAreProseAndNotRetiredCode() throws {
        let words = ["let ", "var ", "func ", "return", "guard ", "import ", "print(", "}", "if "]
        let code = try Regex(
            #"^\s*// ?(?:(?:let|var|func|guard|import) \w+.*[={(]|return \w+\(|\}$|if .*\{$)"#)
        for file in tree.swift {
            let lines = words.flatMap { file.lines(with: "// " + $0, anywhere: true) }
            for index in lines where file.line(index).contains(code) {
                Issue.record("\(file.place(index)): code in a comment")
            }
        }
    }

    @Test func everyUncheckedPromiseHasItsReasonBesideIt() {
        let reasons = /\/\/.*(?:Sendable|thread|lock|confined|Confined|executor|loop|Mutex)/
        for file in tree.product {
            for index in file.lines(with: "@unchecked") {
                var reason = file.line(index)
                for above in (0..<index).reversed() {
                    let text = file.line(above).drop { $0 == " " }
                    // A declaration may be broken: the comment stands above its first line.
                    let isPart = text.hasPrefix("//") || text.hasPrefix("@") || text.hasSuffix(",")
                    guard isPart else { break }
                    reason += text
                }
                for below in index + 1..<min(index + 4, file.lineCount) {
                    reason += file.line(below).contains("//") ? file.line(below) : ""
                }
                #expect(reason.contains(reasons), "\(file.place(index)): why is this safe?")
            }
        }
    }

    @Test func testsDoNotSleepForTiming() {
        // A loop that asks again and again may, with the suite's time limit as its bound.
        let sleep = /^(?!\s*while ).*(?:(?:Task|Thread)\.sleep\b|\bu?sleep\(|\bnanosleep\()/
        for file in tree.tests {
            for index in file.lines(with: "sleep") where file.codeLine(index).contains(sleep) {
                Issue.record("\(file.place(index)): wait for what happens, not for time")
            }
        }
    }

    @Test func everySuiteEndsInTime() {
        for file in tree.tests where !file.lines(with: "@Test").isEmpty {
            let limits = file.lines(with: ".timeLimit(").count
            #expect(
                limits > 0 && limits >= file.lines(with: "@Suite").count,
                "\(file.path): each suite has `.timeLimit(.minutes(1))`")
        }
    }

    @Test func proseAndTextsAreNotTakenForCode() {
        func blank(_ text: String) -> String {
            String(decoding: Blanker.blank(Array(text.utf8)), as: UTF8.self)
        }
        #expect(
            blank(#"let a = "try! \(b /* x! */) "; let c = d! // e!"#)
                == #"let a = "       b           "; let c = d!      "#)
        #expect(blank(##"#"a"b"# + x"##) == ##"#"   "# + x"##)
        #expect(blank("\"\"\"\n a\"b\n\"\"\" y") == "\"\"\"\n    \n\"\"\" y")
    }
}
