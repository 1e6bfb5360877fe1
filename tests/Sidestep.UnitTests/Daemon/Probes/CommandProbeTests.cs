using System.Net;
using Sidestep.Control.Health;
using Sidestep.Daemon.Probes;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Daemon.Probes;

public sealed class CommandProbeTests
{
    private static readonly ProbeEndpoint Endpoint = new(IPAddress.Parse("203.0.113.10"), 80,
        IPAddress.Parse("10.0.0.2"), 0x51000007);

    [Fact]
    public async Task Exit_code_zero_is_a_success() => Assert.Equal(ProbeResult.Success, await ShellAsync("exit 0"));

    [Theory]
    [InlineData("exit 3", "exit code 3")]
    [InlineData("echo no pong; exit 1", "exit code 1: no pong")]
    [InlineData("echo output; echo '  error  ' >&2; echo more >&2; exit 2", "exit code 2: error")]
    public async Task Other_exit_codes_are_failures_with_the_first_line(string script, string failure) =>
        Assert.Equal(ProbeResult.Failure(failure), await ShellAsync(script));

    [Fact]
    public async Task Line_is_cut_off_and_the_rest_of_much_output_is_read()
    {
        var result =
            await ShellAsync(
            "i=0; while [ $i -lt 3000 ]; do printf "
                + "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'; i=$((i+1)); done; exit 1");
        Assert.Equal("exit code 1: " + new string('x', 200), result.Reason);
    }

    [Fact]
    public async Task Environment_has_target_source_and_mark()
    {
        const string Script =
            "echo \"$SIDESTEP_SERVER $SIDESTEP_SERVER_ADDRESS $SIDESTEP_POOL $SIDESTEP_PROBE "
                + "$SIDESTEP_ADDRESS $SIDESTEP_PORT $SIDESTEP_SOURCE $SIDESTEP_MARK\"; exit 1";
        Assert.Equal("exit code 1: web1 10.0.0.11 web dsr-path 203.0.113.10 80 10.0.0.2 1358954503",
            (await ShellAsync(Script)).Reason);
        Assert.Equal("exit code 1: web1 10.0.0.11 web server 10.0.0.11 80  0",
            (await RunAsync(new ProbeEndpoint(IPAddress.Parse("10.0.0.11"), 80, null, 0), false, "/bin/sh", "-c",
            Script)).Reason);
    }

    [Fact]
    public async Task Arguments_are_passed_as_they_are() =>
        Assert.Equal("exit code 1: a b|$HOME",
        (await RunAsync(Endpoint, true, "/bin/sh", "-c", "echo \"$1|$2\"; exit 1", "sh", "a b", "$HOME")).Reason);

    [Fact]
    public async Task Standard_input_is_empty() =>
        Assert.Equal(ProbeResult.Success, await ShellAsync("read line; [ $? -ne 0 ]"));

    [Fact]
    public async Task Program_that_does_not_exist_says_nothing_about_the_server()
    {
        var result = await RunAsync(Endpoint, true, "/nonexistent/probe");
        Assert.Equal(ProbeResultKind.NotSent, result.Kind);
        Assert.StartsWith("/nonexistent/probe cannot be run: ", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancellation_kills_the_program_with_its_children()
    {
        using var folder = new TempFolder();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var run = RunAsync(Endpoint, true, stop.Token, "/bin/sh", "-c",
            $"sleep 1000 & echo $! >{folder.Path("pid")}; wait");
        await Waiting.UntilAsync(() => File.Exists(folder.Path("pid")) && new FileInfo(folder.Path("pid")).Length > 1);
        var pid = (await File.ReadAllTextAsync(folder.Path("pid"), TestContext.Current.CancellationToken)).Trim();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        // Gone, or a zombie that its new parent has not collected.
        await Waiting.UntilAsync(() => !File.Exists($"/proc/{pid}/stat") || File.ReadAllText($"/proc/{pid}/stat")
            .Contains(") Z", StringComparison.Ordinal));
    }

    private static Task<ProbeResult> ShellAsync(string script) => RunAsync(Endpoint, true, "/bin/sh", "-c", script);

    private static Task<ProbeResult> RunAsync(ProbeEndpoint endpoint, bool throughDsrPath, params string[] command) =>
        RunAsync(endpoint, throughDsrPath, TestContext.Current.CancellationToken, command);

    private static Task<ProbeResult> RunAsync(ProbeEndpoint endpoint, bool throughDsrPath,
        CancellationToken cancellation, params string[] command)
    {
        var key = new CheckKey(
            new GroupKey(PoolKey.InDefault("web"), Encap.Layer2), VrfAddress.Parse("10.0.0.11"), "script",
            endpoint.Address, 80, throughDsrPath);
        var monitor = new HealthMonitor { Name = "script", Type = MonitorType.Command, Command = [.. command] };
        return CommandProbe.RunAsync(endpoint, new Check(key, "web1", monitor), cancellation);
    }
}
