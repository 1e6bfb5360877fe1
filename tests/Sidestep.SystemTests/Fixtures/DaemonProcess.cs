namespace Sidestep.SystemTests.Fixtures;

/// <summary>One process of <c>sidestepd</c>.</summary>
/// <param name="netns">In this network namespace.</param>
/// <param name="file">Path of the configuration.</param>
/// <param name="wrapper">A command that it is run by, such as <c>setpriv ...</c>; it must replace itself.</param>
// nsenter and env replace themselves too: the process that is started is the daemon. A shell that runs the tests in the
// background has SIGINT ignored, and so would the daemon.
internal sealed class DaemonProcess(NetworkNamespace netns, string file, params string[] wrapper)
    : ChildProcess("sidestepd", netns.Enter([.. wrapper, "env", "--default-signal=INT", Executable, "--config", file]))
{
    public const string Ready = "forwarding; configuration";

    public static string Executable => Repository.Executable("Sidestep.Daemon", "sidestepd");
}
