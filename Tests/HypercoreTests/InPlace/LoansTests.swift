import Foundation
import TestSupport
import Testing

@testable import Hypercore

/// What is kept of loans on the disk.
@Suite(.timeLimit(.minutes(1)))
struct LoansTests {
    private let folder: TemporaryFolder
    private var file: String { folder("loans") }

    init() throws { folder = try TemporaryFolder() }

    private func loan(_ start: UInt64, _ count: UInt64, _ path: String) -> Loan {
        Loan(bytes: start..<start + count, path: path, offset: 0)
    }

    @Test func whatIsSavedIsThereAgain() throws {
        let loans = try Loans(file: file)
        #expect(loans.isEmpty && loans.folder == nil)
        loans.setFolder("/srv/films")
        loans.add([loan(0, 10, "a"), loan(10, 5, "deep/er/b\u{e9}")])
        try loans.save()
        loans.remove([2..<4])
        loans.add([loan(20, 5, "c")])
        try loans.save()
        // Said and not saved.
        loans.remove([0..<100])
        let again = try Loans(file: file)
        #expect(again.folder == "/srv/films")
        #expect(
            again.all == [
                loan(0, 2, "a"), Loan(bytes: 4..<10, path: "a", offset: 4),
                loan(10, 5, "deep/er/b\u{e9}"), loan(20, 5, "c"),
            ])
    }

    @Test func aTornRecordEndsTheFile() throws {
        let loans = try Loans(file: file)
        loans.setFolder("/f")
        try loans.save()
        let whole = try Data(contentsOf: URL(fileURLWithPath: file)).count
        loans.add([loan(0, 10, "a")])
        try loans.save()
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
        for end in whole..<bytes.count {
            try Data(bytes[..<end]).write(to: URL(fileURLWithPath: file))
            let torn = try Loans(file: file)
            #expect(torn.folder == "/f" && torn.isEmpty)
            // What comes next takes the place of the torn end.
            torn.add([loan(3, 3, "b")])
            try torn.save()
            #expect(try Loans(file: file).all == [loan(3, 3, "b")])
        }
        for index in whole..<bytes.count {
            var wrong = bytes
            wrong[index] ^= 0x40
            try Data(wrong).write(to: URL(fileURLWithPath: file))
            #expect(try Loans(file: file).isEmpty)
        }
    }

    @Test func manyChangesDoNotMakeALongFile() throws {
        let loans = try Loans(file: file)
        loans.setFolder("/f")
        for round in 0..<40 {
            loans.add((0..<2_000).map { loan($0 * 10, 10, "folder/\($0)-\(round)") })
            try loans.save()
        }
        let again = try Loans(file: file)
        #expect(again.all == loans.all && again.all.count == 2_000)
        let live = 2_000 * 60
        let size = try Data(contentsOf: URL(fileURLWithPath: file)).count
        #expect(size < 2 * live + Limits.loansSlackBytes + live, "\(size)")
    }

    @Test func afterTheLastOneNothingIsLeft() throws {
        let loans = try Loans(file: file)
        loans.setFolder("/f")
        loans.add([loan(0, 10, "a")])
        try loans.save()
        try loans.removeAll()
        #expect(!FileManager.default.fileExists(atPath: file))
        #expect(loans.folder == nil && loans.isEmpty)
        loans.setFolder("/g")
        try loans.save()
        #expect(try Loans(file: file).folder == "/g")
    }

    @Test func onlyRegularFilesLend() throws {
        let loans = try Loans(file: file)
        loans.setFolder(folder.path)
        loans.add([
            loan(0, 4, "there"), loan(4, 4, "link"), loan(8, 4, "short"), loan(12, 4, "pipe"),
        ])
        try Data("good".utf8).write(to: URL(fileURLWithPath: folder("there")))
        try Data("sho".utf8).write(to: URL(fileURLWithPath: folder("short")))
        symlink(folder("there"), folder("link"))
        mkfifo(folder("pipe"), 0o600)
        #expect(loans.bytes(at: 0, count: 4) == Array("good".utf8))
        #expect(loans.bytes(at: 1, count: 3) == Array("ood".utf8))
        #expect(loans.bytes(at: 2, count: 4) == nil, "of two files")
        for start: UInt64 in [4, 8, 12, 16] { #expect(loans.bytes(at: start, count: 4) == nil) }
    }
}
