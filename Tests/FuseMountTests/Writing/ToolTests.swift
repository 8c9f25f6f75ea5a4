import Glibc
import TestSupport
import Testing

/// Programs that are hard on a file system, each in its own way.
extension FuseMountTests {
    @Suite(.timeLimit(.minutes(3))) struct Tools {
        /// False, after saying so, where a program is missing.
        private func has(_ programs: String...) async throws -> Bool {
            for program in programs where try await Shell.run("which \(program)").status != 0 {
                #expect(!ProcessEnvironment.isCI, "no \(program)")
                return false
            }
            return true
        }

        /// A mounted folder, and a home for the programs.
        private func folder() async throws -> (WritableFolder, TemporaryFolder) {
            let (folder, home) = (try WritableFolder(), try TemporaryFolder())
            try await folder.mount()
            return (folder, home)
        }

        @Test func anEditorThatWasKilledRecoversFromItsSwapFile() async throws {
            guard try await has("vim") else { return }
            let (folder, home) = try await folder()
            let printed = try await folder.run(
                #"""
                vim="vim -es -u NONE -N --cmd set\ directory=."
                printf 'one\ntwo\n' > text
                (eval $vim "-c 'normal Gothree' -c preserve -c '!ls -A > list'" \
                    "-c '!kill -9 \$PPID'" text || true) 2>&1 | grep -v Killed || true
                cat list text
                eval $vim -r text "-c 'w! recovered' -c q!"
                cat recovered; rm .text.swp; ls -A
                """#, home: home)
            #expect(
                printed == """
                    .text.swp
                    list
                    text
                    one
                    two
                    one
                    two
                    three
                    list
                    recovered
                    text

                    """)
        }

        /// The index of the film is written last and then moved to the front.
        @Test func aFilmIsEncodedAndSoughtIn() async throws {
            guard try await has("ffmpeg", "ffprobe") else { return }
            let (folder, home) = try await folder()
            let printed = try await folder.run(
                """
                ffmpeg -nostdin -v error -f lavfi -i testsrc=d=2:s=320x240:r=10 -c:v mpeg4 \
                    -movflags +faststart film.mp4
                ffmpeg -nostdin -v error -i film.mp4 -c copy -y copy.mkv
                for film in film.mp4 copy.mkv; do
                    ffmpeg -nostdin -v error -xerror -ss 1.5 -i $film -frames:v 1 -y frame.png
                    ffmpeg -nostdin -v error -xerror -i $film -f null -
                    ffprobe -v error -show_entries format=duration -of csv=p=0 $film
                done
                """, home: home)
            #expect(printed == "2.000000\n2.000000\n")
            try await folder.remount()
            let late = try await folder.run(
                "ffmpeg -nostdin -v error -xerror -i film.mp4 -f null -", home: home)
            #expect(late == "")
        }

        @Test func everyBlockThatFioWroteIsRight() async throws {
            guard try await has("fio") else { return }
            let (folder, home) = try await folder()
            _ = try await folder.run(
                """
                fio="fio --directory=. --verify_fatal=1 --minimal --output=\(home("fio"))"
                $fio --name=mixed --rw=randrw --size=4m --bsrange=4k-64k --verify=crc32c
                $fio --name=mapped --rw=randwrite --size=2m --bs=4k --verify=md5 --ioengine=mmap
                $fio --name=direct --rw=randwrite --size=2m --bs=16k --verify=md5 --direct=1
                $fio --name=append --rw=write --size=4m --bs=37k --verify=crc32c --end_fsync=1
                """, home: home)
            try await folder.remount()
            _ = try await folder.run(
                """
                fio --directory=. --minimal --output=\(home("fio")) --name=append --rw=write \
                    --size=4m --bs=37k --verify=crc32c --verify_only=1
                """, home: home)
        }

        /// Some of its file system class at once, each looking at what it did.
        @Test func stressLeavesNothingWrong() async throws {
            guard try await has("stress-ng") else { return }
            let (folder, home) = try await folder()
            let stressors = [
                "access", "chmod", "copy-file", "dentry", "dir", "fallocate", "filename", "fstat",
                "getdent", "hdd", "lockf", "open", "rename", "seek", "symlink", "utime", "xattr",
            ]
            _ = try await folder.run(
                "stress-ng --verify --timeout 2 --temp-path . --dentries 200 --open-max 500 "
                    + stressors.map { "--\($0) 1" }.joined(separator: " "), home: home)
            #expect(try await folder.run("ls -A", home: home) == "")
        }

        @Test func aSwiftPackageIsBuilt() async throws {
            guard try await has("swift") else { return }
            let (folder, home) = try await folder()
            let printed = try await folder.run(
                """
                mkdir -p Sources/Hello; echo 'print("hello")' > Sources/Hello/main.swift
                cat > Package.swift << 'END'
                // swift-tools-version:6.0
                import PackageDescription
                let package = Package(name: "Hello", targets: [.executableTarget(name: "Hello")])
                END
                timeout 150 swift build > \(home("log")) 2>&1 || cat \(home("log"))
                .build/debug/Hello
                timeout 60 swift build 2>&1 | grep -c Compiling || true
                """, home: home)
            #expect(printed == "hello\n0\n")
        }
    }
}
