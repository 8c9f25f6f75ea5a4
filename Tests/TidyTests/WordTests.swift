import Testing

@Suite(.timeLimit(.minutes(1)))
struct WordTests {
    private let tree = SourceTree.shared

    @Test func sourcesAreASCIIWithoutTabsAndTrailingSpaces() {
        for file in tree.files where !file.path.hasPrefix("docs/") && !Unfinished.holds(file) {
            for (index, line) in file.lines.enumerated() {
                let isTabbed = line.contains("\t") && file.path.hasPrefix("Sources/")
                if line.contains(where: { !$0.isASCII }) || line.last?.isWhitespace ?? false
                    || isTabbed
                {
                    Issue.record("\(file.place(index)): not plain ASCII, or space at the end")
                }
            }
        }
    }

    @Test func nothingIsLeftForLater() {
        // In pieces, so that this file does not trip over itself.
        let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK:"]
        for file in tree.swift where !Unfinished.holds(file) {
            for (index, line) in file.lines.enumerated() where words.contains(where: line.contains)
            {
                Issue.record("\(file.place(index)): finish it, or write an issue")
            }
        }
    }

    @Test func theProductNeitherGivesUpNorForces() {
        for file in tree.product where !Unfinished.holds(file) {
            for (index, line) in file.code.enumerated() {
                let isForced =
                    line.contains(/\bfatalError\b|\btry!|\bas!|\bassertionFailure\b/)
                    || line.contains(/[\w)\]]!(?![=])/)
                if isForced { Issue.record("\(file.place(index)): force or fatalError") }
                if line.contains("preconditionFailure()") {
                    Issue.record("\(file.place(index)): say which rule was broken")
                }
            }
        }
    }

    @Test func commentsAreProseAndNotRetiredCode() {
        let code = /^\s*\/\/ ?(let |var |func |return\b|if .*\{$|guard |\}$|import |print\()/
        for file in tree.swift where !Unfinished.holds(file) {
            for (index, line) in file.lines.enumerated() where line.contains(code) {
                Issue.record("\(file.place(index)): code in a comment")
            }
        }
    }

    @Test func everyUncheckedPromiseHasItsReasonBesideIt() {
        for file in tree.product where !Unfinished.holds(file) {
            for (index, line) in file.code.enumerated() where line.contains("@unchecked") {
                var reason = String(file.lines[index])
                for above in file.lines[..<index].reversed() {
                    let text = above.drop(while: \.isWhitespace)
                    guard text.hasPrefix("//") || text.hasPrefix("@") else { break }
                    reason += text
                }
                let isExplained = reason.contains(
                    /\/\/.*(Sendable|thread|lock|confined|Confined|executor|event loop|Mutex)/)
                #expect(isExplained, "\(file.place(index)): why is this safe?")
            }
        }
    }

    @Test func testsDoNotSleepForTiming() {
        // A loop that asks again and again may, with the suite's time limit as its bound.
        let sleep = /^(?!\s*while ).*(\b(Task|Thread)\.sleep\b|\bu?sleep\(|\bnanosleep\()/
        for file in tree.tests where !Unfinished.holds(file) {
            for (index, line) in file.code.enumerated() where line.contains(sleep) {
                Issue.record("\(file.place(index)): wait for what happens, not for time")
            }
        }
    }

    @Test func everySuiteEndsInTime() {
        for file in tree.tests where file.text.contains("@Test") && !Unfinished.holds(file) {
            let limits = file.text.matches(of: /\.timeLimit\(/).count
            let code = file.code.joined(separator: "\n")
            let suites = code.matches(of: /@Suite\b/).count
            #expect(
                limits > 0 && limits >= suites,
                "\(file.path): each suite has `.timeLimit(.minutes(1))`")
        }
    }

    @Test func proseAndTextsAreNotTakenForCode() {
        let source = #"let a = "try! \(b /* x! */) "; let c = d! // e!"#
        #expect(
            Blanker.blank(source) == #"let a = "       b           "; let c = d!      "#)
        #expect(Blanker.blank(##"#"a"b"# + x"##) == ##"#"   "# + x"##)
        #expect(Blanker.blank("\"\"\"\n a\"b\n\"\"\" y") == "\"\"\"\n    \n\"\"\" y")
    }
}
