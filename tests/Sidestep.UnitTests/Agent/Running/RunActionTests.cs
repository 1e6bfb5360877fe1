using Sidestep.Agent;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Running;
using Sidestep.Agent.State;
using Sidestep.UnitTests.Agent.Actions;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Agent.Running;

public sealed class RunActionTests : ActionFixture
{
    private const string Spec = """{ "revision": 7, "services": [ { "vips": ["203.0.113.10"] } ] }""";
    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly ManualTime _time = new();

    private Request Options => Layer2 with { Vips = [], SpecFile = State.Put("wanted.json", Spec) };

    [Fact]
    public void The_spec_file_is_applied_and_the_operator_is_served_until_the_end()
    {
        string? drained = null, status = null, unknown = null;
        Run(Options, whileRunning: () =>
        {
            drained = RunningAgent.SendCommand(State.Path, RunningAgent.Drain);
            status = RunningAgent.SendCommand(State.Path, RunningAgent.Status);
            unknown = RunningAgent.SendCommand(State.Path, "reboot");
        });
        Assert.Contains("spec revision 7 applied: 1 VIPs on eth0\n", $"{_output}", StringComparison.Ordinal);
        Assert.Equal(("draining", "unknown"), (drained, unknown));
        Assert.Contains("\"specRevision\":7", status, StringComparison.Ordinal);
        Assert.Equal("draining", StoredAdminState.Read(State.Path));
        Assert.False(File.Exists(StateStore.SocketPath(State.Path)));
        Assert.NotNull(Kernel.Inventory().OnLoopback(System.Net.IPAddress.Parse(TestSpec.Vip)));
    }

    [Fact]
    public void Without_a_usable_spec_file_the_agent_continues_with_the_last_spec()
    {
        LastSpec.Write(State.Path, TestSpec.Of(TestSpec.Layer2(TestSpec.OtherVip)));
        Run(Options with { SpecFile = State.Put("wanted.json", "{") });
        Assert.StartsWith("continuing with the last spec, revision 7, stored ", $"{_output}", StringComparison.Ordinal);
        Assert.Contains("\nerror: --spec ", $"{_output}", StringComparison.Ordinal);
        Assert.NotNull(Kernel.Inventory().OnLoopback(System.Net.IPAddress.Parse(TestSpec.OtherVip)));
    }

    [Fact]
    public void Without_a_usable_and_a_last_spec_it_does_not_start()
    {
        Assert.Throws<ProblemsException>(() => Run(Options with { SpecFile = State.Put("wanted.json", "{") }));
        Assert.Throws<ProblemsException>(() => Run(Options with { SpecFile = State.PathOf("none") }));
        Assert.Empty(Kernel.Changes);
    }

    [Fact]
    public void The_spec_comes_from_a_file_or_a_director_and_never_from_both()
    {
        var none = Assert.Throws<ProblemsException>(() => Run(Options with { SpecFile = null }));
        var both = Assert.Throws<ProblemsException>(() =>
            Run(Options, new RunOptions { Directors = ["https://10.0.1.2:7443"] }));
        Assert.Equal(
            ["error: --spec: is missing, and so is --director", "error: --spec: and --director exclude each other"],
            new[] { none, both }.Select(static e => e.Message.Split('\n')[0]));
    }

    [Fact]
    public void Wrong_credentials_prevent_the_start_even_with_a_last_spec()
    {
        LastSpec.Write(State.Path, TestSpec.Of(TestSpec.Layer2(TestSpec.Vip)));
        var error = Assert.Throws<ProblemsException>(() =>
            Run(Options with { SpecFile = null }, new RunOptions { Directors = ["https://10.0.1.2:7443"] }));
        Assert.Equal(["--cert-file", "--key-file", "--ca-file"], error.Problems.Select(static p => p.Option));
    }

    [Fact]
    public void Missing_rights_and_a_running_agent_prevent_the_start()
    {
        using (new OperatorSocket(StateStore.SocketPath(State.Path), static _ => "{}", Log.Add))
            Assert.Throws<AgentException>(() => Run(Options));
        Platform.Privileges = new HostPrivileges(false, false, false);
        Assert.Equal(3, Assert.Throws<ProblemsException>(() => Run(Options)).Problems.Count);
    }

    private void Run(Request request, RunOptions? options = null, Action? whileRunning = null)
    {
        using var stop = new CancellationTokenSource();
        var waits = 0;
        Platform.OnWait = () =>
        {
            _time.Advance(EventLoop.MinPassInterval);
            if (++waits == 2)
                whileRunning?.Invoke();
            if (waits == 3)
                stop.Cancel();
            return false;
        };
        new RunAction(Platform, _output).Run(request, options ?? new RunOptions(), _time, stop.Token);
    }
}
