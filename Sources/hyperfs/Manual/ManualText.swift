/// The words of the manual that the definitions of the commands do not have.
enum ManualText {
    static let overview = """
        A drive is a folder that lives on many machines and is named by a key of 32 bytes. \
        "hyperfs share" turns a folder into a drive, "hyperfs mount" a drive into a folder. Every \
        read fetches the blocks it touches from whoever has them, and checks each against the key.

        The work of a store is done by one process, its node: the first command that needs it \
        starts it, and it ends by itself after its last mount, share and seed.
        """

    static let references = """
        A drive is 64 hexadecimal digits, 52 digits of z-base-32, hyper://KEY, \
        hyper://KEY+VERSION, dat://KEY, or the local name of a drive in this store. \
        A path in a drive is written behind it: notes/docs/a.md, hyper://KEY+123/docs. \
        In a hyper:// URL, %41 means A.
        """

    static let examples: [String: String] = [
        "share": """
          hyperfs share photos
          hyperfs share --name holiday --once /srv/holiday
        """,
        "mount": """
          hyperfs mount KEY /mnt/drive
          hyperfs mount hyper://KEY+123 then
          hyperfs mount notes ~/notes -o allow_other,timeout=10
        """,
        "create": "  hyperfs create --name notes",
        "get": "  hyperfs get KEY/docs .",
        "ls": """
          hyperfs ls KEY
          hyperfs ls -l notes/docs
        """,
        "cat": "  hyperfs cat KEY/readme.md | less",
        "diff": "  hyperfs diff notes 120 130",
        "config": """
          hyperfs config show mount --origin
          hyperfs config show > ~/.config/hyperfs/config.toml
        """,
        "bootstrap": "  hyperfs bootstrap --listen 203.0.113.1:49737 --relay",
    ]

    static let exitCodes: [(String, String)] = [
        ("0", "Done."), ("1", "Another failure."),
        ("2", "The drive or path was not found, or no peer had it in time."),
        ("3", "Not mounted, no such share."), ("4", "The mountpoint cannot be used."),
        ("5", "FUSE is not available."),
        ("6", "The store is locked by a process that does not answer."),
        ("7", "Corrupt data: verification failed."), ("8", "The drive cannot be written."),
        ("9", "The network failed; a retry may help."), ("64", "Wrong usage."),
        ("130, 143", "Ended by SIGINT, SIGTERM."),
    ]

    static let environment: [(String, String)] = [
        ("HYPERFS_STORE", "The store, unless --store names one."),
        (
            "HYPERFS_LOG",
            "How much is logged on stderr: trace, debug, info, notice, warning, error, critical."
        ),
        ("HYPERFS_CONFIG", "The config file, in place of the usual ones."),
        (
            "HYPERFS_NAME",
            "The value of the option --name, whatever its name (HYPERFS_NO_DHT=1, "
                + "HYPERFS_TIMEOUT=10). It wins over the config file, the command line over it. "
                + "A list is separated by commas or blanks."
        ),
        ("NO_COLOR", "No colors."),
    ]

    static let files: [(String, String)] = [
        (
            "$XDG_DATA_HOME/hyperfs",
            "The store: keys and blocks. ~/.local/share/hyperfs by default, /var/lib/hyperfs for "
                + "root. Its master_key is the right to change your drives: back it up."
        ),
        (
            "$XDG_CONFIG_HOME/hyperfs/config.toml",
            "Options that you always want, see hyperfs.toml(5). Else /etc/hyperfs/config.toml."
        ),
        ("$XDG_RUNTIME_DIR/hyperfs", "Sockets of running nodes."),
        ("$XDG_STATE_HOME/hyperfs/node.log", "What nodes in the background have to say."),
    ]

    static let configFile = """
        TOML. The first of these that is there is read: the file named by HYPERFS_CONFIG; \
        $XDG_CONFIG_HOME/hyperfs/config.toml (~/.config/hyperfs/config.toml); \
        /etc/hyperfs/config.toml. None is needed.

        Every option of every command may stand in it, by its long name without the dashes. A name \
        at the top goes to each command that has such an option, a name below [command] to that \
        command only, and wins. A switch is true or false; an option that may be repeated takes a \
        list. An environment variable wins over the file, the command line over both.

        A wrong name or value ends every command with status 64; the error names the file, the \
        line and what is allowed. "hyperfs config show --origin" tells what is set where.
        """

    static let configExample = """
          bootstrap = ["203.0.113.1:49737", "203.0.113.2:49737"]
          no-mainline = true

          [mount]
          readahead = "16M"
          timeout = 10
        """

    static let mountHelper = """
        mount(8) calls it for file systems of the types hyperfs and fuse.hyperfs; it is the \
        hyperfs command under another name. It returns when the folder answers; a node in the \
        background serves it until it is unmounted.

        Options are those of hyperfs-mount(1) without the dashes, with _ or - in their names, and \
        those of the kernel: ro, noexec, nosuid, nodev, noatime, sync, default_permissions and so \
        on. Those of fstab(5), systemd and desktops (_netdev, nofail, noauto, user, x-...) are \
        accepted and ignored. A comma in a value is written as \\, there.

        For /etc/fstab:
          hyper://KEY /mnt/drive hyperfs ro,_netdev,nofail,allow_other,x-systemd.automount 0 0

        Called without HOME, as by systemd, it keeps its store in /var/lib/hyperfs, unless \
        store=FOLDER is among the options.
        """

    static let mountExitCodes: [(String, String)] = [
        ("0", "Mounted."), ("1", "Wrong usage or no permission."), ("2", "The system failed."),
        ("4", "An error in hyperfs."), ("8", "Interrupted."), ("32", "The mount failed."),
    ]
}
