import Testing

@testable import Hyperdrive

@Suite(.timeLimit(.minutes(5)))
struct IgnoreRulesTests {
    @Test(arguments: [
        // Pattern, path, is it a folder, is it ignored.
        ("foo", "foo", false, true), ("foo", "a/foo", false, true), ("foo", "a/b/foo", true, true),
        ("foo", "food", false, false), ("/foo", "foo", false, true),
        ("/foo", "a/foo", false, false),
        ("foo/", "foo", false, false), ("foo/", "foo", true, true), ("foo/", "a/foo", true, true),
        ("a/b", "a/b", false, true), ("a/b", "x/a/b", false, false),
        ("*.o", "x.o", false, true), ("*.o", "a/x.o", false, true), ("*.o", "x.oo", false, false),
        ("a/*", "a/b", false, true), ("a/*", "a/b/c", false, false), ("*", "anything", true, true),
        ("**/foo", "foo", false, true), ("**/foo", "a/b/foo", false, true),
        ("a/**", "a/b/c", false, true), ("a/**", "a", true, false),
        ("a/**/b", "a/b", false, true), ("a/**/b", "a/x/y/b", false, true),
        ("a/**/b", "a/x/y/c", false, false), ("**/a/**/b", "x/a/y/a/z/b", false, true),
        ("f?o", "fxo", false, true), ("f?o", "fo", false, false), ("f?o", "f/o", false, false),
        ("[a-c]x", "bx", false, true), ("[a-c]x", "dx", false, false),
        ("[!a-c]x", "dx", false, true),
        ("[]]x", "]x", false, true), ("[x", "[x", false, true), ("\\*", "*", false, true),
        ("\\*", "x", false, false), ("\\#x", "#x", false, true), ("\\!x", "!x", false, true),
        ("x ", "x", false, true), ("x\\ ", "x ", false, true), ("# x", "# x", false, false),
        ("a*b*c", "aXbYbZc", false, true), ("a*b*c", "acb", false, false),
        ("x\r", "x", false, true),
    ])
    func patternsFitAsInGit(pattern: String, path: String, isFolder: Bool, isIgnored: Bool) {
        let rules = IgnoreRules(Array(pattern.utf8))
        let names = path.split(separator: "/").map { Array($0.utf8) }
        #expect((rules.verdict(names, isFolder: isFolder) ?? false) == isIgnored)
    }

    @Test func theLastRuleThatFitsDecides() {
        let rules = IgnoreRules(Array("*.txt\n!keep.txt\n".utf8))
        #expect(rules.verdict([Array("a.txt".utf8)], isFolder: false) == true)
        #expect(rules.verdict([Array("keep.txt".utf8)], isFolder: false) == false)
        #expect(rules.verdict([Array("b".utf8)], isFolder: false) == nil)
    }

    @Test func nastyPatternsStayCheap() {
        let stars = Array(String(repeating: "*a", count: 200).utf8)
        let name = Array(String(repeating: "a", count: 255).utf8)
        #expect(IgnoreRules(stars + [UInt8(ascii: "b")]).verdict([name], isFolder: false) == nil)
        let deep = Array(String(repeating: "**/a/", count: 100).utf8) + [UInt8(ascii: "b")]
        let path = [[UInt8]](repeating: [UInt8(ascii: "a")], count: 128)
        #expect(IgnoreRules(deep).verdict(path, isFolder: false) == nil)
    }
}
