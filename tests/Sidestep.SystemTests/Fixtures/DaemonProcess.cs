namespace Sidestep.SystemTests.Fixtures;

/// <summary>One process of <c>sidestepd</c>.</summary>
/// <param name="netns">The network namespace that it runs in.</param>
/// <param name="file">Path of the configuration file.</param>
/// <param name="wrapper">A command that runs the daemon, such as <c>setpriv ...</c>; it must call exec.</param>
// nsenter and env call exec too, so that the process is the daemon itself. A shell that runs the tests in the
// background ignores SIGINT, and the daemon would inherit that.
internal sealed class DaemonProcess(NetworkNamespace netns, string file, params string[] wrapper)
    : ChildProcess("sidestepd", netns.Enter([.. wrapper, "env", "--default-signal=INT", Executable, "--config", file]))
{
    public const string Ready = "forwarding; configuration";

    public static string Executable => Repository.Executable("Sidestep.Daemon", "sidestepd");
}
