import Glibc
import TestSupport
import Testing

/// What people do all day, with the programs they do it with.
extension FuseMountTests {
    @Suite(.timeLimit(.minutes(3))) struct Programs {
        @Test func gitKeepsARepository() async throws {
            let (folder, home) = (try WritableFolder(showsOwners: false), try TemporaryFolder())
            try await folder.mount()
            _ = try await folder.run(
                """
                git config --global user.email a@b; git config --global user.name n
                git config --global init.defaultBranch main
                mkdir work; cd work; git init -q .
                for i in $(seq 1 60); do mkdir -p d$((i % 7)); seq 1 $i > d$((i % 7))/f$i; done
                git add -A; git commit -qm one
                git mv d1 moved; seq 1 9 >> d2/f2; git commit -qam two
                git checkout -qb side HEAD~1; seq 5 > side; git add side; git commit -qm side
                git checkout -q main; git merge -q side -m merged
                git gc -q --prune=now; git fsck --full --strict
                cd ..; git clone -q work copy; git -C copy fsck
                diff -r -x .git work copy
                """, home: home)
            try await folder.remount()
            let status = try await folder.run(
                "cd work; git fsck --full; git status --porcelain; git log --oneline | wc -l",
                home: home)
            #expect(status.split(separator: "\n").last == "4")
        }

        @Test func rsyncCopiesOnceAndFindsNothingToDoThen() async throws {
            let (folder, home) = (try WritableFolder(), try TemporaryFolder())
            try await folder.mount()
            let printed = try await folder.run(
                """
                s=\(home("source")); mkdir -p $s/a/b $s/empty
                seq 1 20000 > $s/a/numbers; seq 1 7 > $s/a/b/few; : > $s/nothing
                ln -s a/b $s/link; chmod 640 $s/a/numbers; chmod 700 $s/empty
                setfattr -n user.note -v hello $s/a/numbers 2>/dev/null || true
                touch -d '2001-02-03 04:05:06' $s/a/b/few $s/a $s/nothing
                rsync -aHAX $s/ target/
                echo again; rsync -aHAX --itemize-changes $s/ target/
                rsync -aHAXc --itemize-changes $s/ target/
                echo changed; seq 1 20001 > $s/a/numbers
                rsync -a --inplace --no-whole-file $s/ target/; cmp $s/a/numbers target/a/numbers
                rm $s/a/b/few; rsync -a --delete $s/ target/; diff -r $s target
                """, home: home)
            #expect(printed == "again\nchanged\n")
            try await folder.remount()
            let late = try await folder.run(
                "rsync -aHAXc --itemize-changes \(home("source"))/ target/", home: home)
            #expect(late == "")
        }

        @Test func tarBringsATreeInAndOut() async throws {
            let (folder, home) = (try WritableFolder(), try TemporaryFolder())
            try await folder.mount()
            _ = try await folder.run(
                """
                s=\(home("s")); mkdir -p $s
                for i in $(seq 1 300); do mkdir -p $s/$((i % 10)); seq $i > $s/$((i % 10))/$i; done
                tar -C \(home.path) -cf \(home("in.tar")) s; tar -xpf \(home("in.tar"))
                diff -r $s s; tar -cf out.tar s; tar -df out.tar; tar -C s -df out.tar \
                --strip-components=1 || true
                mv s t; diff -r $s t; rm -r t; ls
                """, home: home)
        }

        @Test func aDatabaseStaysWhole() async throws {
            guard try await Shell.run("which sqlite3").status == 0 else {
                #expect(!ProcessEnvironment.isCI, "no sqlite3")
                return
            }
            let (folder, home) = (try WritableFolder(), try TemporaryFolder())
            try await folder.mount()
            let printed = try await folder.run(
                """
                sqlite3 x.db "pragma journal_mode=wal; create table t(a integer primary key, b)" \
                >/dev/null
                for i in $(seq 1 12); do sqlite3 x.db "insert into t(b) select randomblob(400) \
                from generate_series(1,50); delete from t where a % 7 = $((i % 7))"; done
                sqlite3 x.db "pragma integrity_check; pragma wal_checkpoint(truncate)" | head -1
                sqlite3 y.db "pragma journal_mode=delete; create table t(a); \
                insert into t values(1);
                insert into t select a+1 from t; vacuum; pragma integrity_check" | tail -1
                """, home: home)
            #expect(printed == "ok\nok\n")
            try await folder.remount()
            let late = try await folder.run(
                "sqlite3 x.db 'pragma integrity_check'; sqlite3 y.db 'select count(*) from t'",
                home: home)
            #expect(late == "ok\n2\n")
        }

        @Test func makeBuildsOnceAndEditorsSave() async throws {
            let (folder, home) = (try WritableFolder(), try TemporaryFolder())
            try await folder.mount()
            let printed = try await folder.run(
                #"""
                printf 'all: out\nout: in\n\tcat in in > out\n' > Makefile; echo x > in
                unset MAKEFLAGS MAKELEVEL; make -s; make; sleep 0.01; echo y > in; make -s; cat out
                printf 'one\n' > text; sed -i s/one/two/ text; cat text
                if which vim >/dev/null; then
                  vim -es -u NONE -N -c 'set backup writebackup' -c '%s/two/three/' -c wq text
                  cat text; else echo three; fi
                dd if=/dev/zero of=big bs=1M count=3 oflag=direct status=none
                truncate -s 1000000 big; stat -c %s big; cp --reflink=auto big big2; cmp big big2
                ls -A
                """#, home: home)
            #expect(
                printed
                    == """
                    make: Nothing to be done for 'all'.
                    y
                    y
                    two
                    three
                    1000000
                    Makefile
                    big
                    big2
                    in
                    out
                    text

                    """)
        }
    }
}
