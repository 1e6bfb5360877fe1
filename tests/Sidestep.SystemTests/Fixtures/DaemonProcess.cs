namespace Sidestep.SystemTests.Fixtures;

/// <summary>One process of <c>sidestepd</c>.</summary>
// nsenter and env call exec too, so that the process is the daemon itself. A shell that runs the tests in the
// background ignores SIGINT, and the daemon would inherit that.
internal sealed class DaemonProcess : ChildProcess
{
    public const string Ready = "forwarding; configuration";

    /// <summary>Starts the daemon with a configuration file.</summary>
    /// <param name="netns">The network namespace that it runs in.</param>
    /// <param name="file">Path of the configuration file.</param>
    /// <param name="wrapper">A command that runs the daemon, such as <c>setpriv ...</c>; it must call exec.</param>
    public DaemonProcess(NetworkNamespace netns, string file, params string[] wrapper)
        : this(netns, wrapper, ["--config", file])
    {
    }

    private DaemonProcess(NetworkNamespace netns, string[] wrapper, string[] options)
        : base("sidestepd", netns.Enter([.. wrapper, "env", "--default-signal=INT", Executable, .. options]))
    {
    }

    public static string Executable => Repository.Executable("Sidestep.Daemon", "sidestepd");

    /// <summary>Starts the daemon with a store of revisions.</summary>
    /// <param name="netns">The network namespace that it runs in.</param>
    /// <param name="store">Path of the store.</param>
    /// <param name="initialConfig">Path of the configuration file of an empty store.</param>
    public static DaemonProcess WithStore(NetworkNamespace netns, string store, string initialConfig) =>
        new(netns, [], ["--store", store, "--initial-config", initialConfig]);
}
