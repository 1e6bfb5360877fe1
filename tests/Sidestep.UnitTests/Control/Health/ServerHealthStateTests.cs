using Sidestep.Control.Health;
using Sidestep.Model;
using static Sidestep.UnitTests.Control.Health.TestChecks;

namespace Sidestep.UnitTests.Control.Health;

/// <summary>How the statuses of a server's checks make that of the server.</summary>
public sealed class ServerHealthStateTests
{
    /// <summary>A check is written as monitor, path (d: DSR path, s: server) and status (u, d, ?).</summary>
    [Theory]
    [InlineData("", 0, "Up")]
    [InlineData("a:d?", 0, "Unknown")]
    [InlineData("a:du", 0, "Up")]
    [InlineData("a:dd", 0, "Down")]
    [InlineData("a:su", 0, "Up")]
    [InlineData("a:sd", 0, "Down")]
    [InlineData("a:s?", 0, "Unknown")]
    // All checks of a monitor must be up.
    [InlineData("a:du a:dd", 0, "Down")]
    [InlineData("a:du a:d?", 0, "Unknown")]
    [InlineData("a:d? a:dd", 0, "Down")]
    // All monitors must be up, or as many as the pool requires.
    [InlineData("a:du b:su", 0, "Up")]
    [InlineData("a:du b:sd", 0, "Down")]
    [InlineData("a:du b:s?", 0, "Unknown")]
    [InlineData("a:du b:sd", 1, "Up")]
    [InlineData("a:du b:sd c:s?", 2, "Unknown")]
    [InlineData("a:du b:sd c:sd", 2, "Down")]
    [InlineData("a:du b:su c:sd", 2, "Up")]
    // The DSR path must be up, whatever the number.
    [InlineData("a:dd b:su", 1, "Down")]
    [InlineData("a:d? b:su", 1, "Unknown")]
    [InlineData("a:dd b:du", 1, "Up")]
    [InlineData("a:dd b:d? c:su", 1, "Unknown")]
    public void Status_follows_from_checks_and_required_monitors(string checks, int required, string expected) =>
        Assert.Equal(expected, State(checks, required).Status.ToString());

    [Theory]
    [InlineData("", "NotChecked", "NotChecked")]
    [InlineData("a:du", "Up", "NotChecked")]
    [InlineData("a:su", "NotChecked", "Up")]
    [InlineData("a:dd b:du a:sd", "Up", "Down")]
    [InlineData("a:dd b:d?", "Unknown", "NotChecked")]
    [InlineData("a:dd b:dd", "Down", "NotChecked")]
    public void DSR_path_and_service_each_need_one_monitor_that_is_up(string checks, string dsrPath, string service)
    {
        var state = State(checks);
        Assert.Equal((dsrPath, service), (state.DsrPath.ToString(), state.Service.ToString()));
    }

    [Fact]
    public void Failing_check_is_the_one_that_failed_last_of_those_that_are_down()
    {
        var state = State("a:d? b:d? c:d?");
        Assert.Null(state.FailingCheck);
        Record(state, 0, 10, ProbeResult.NotSent("no route"));
        Assert.Same(state.Checks[0], state.FailingCheck);
        Record(state, 1, 1, ProbeResult.Failure("refused"));
        Assert.Same(state.Checks[1], state.FailingCheck);
        Record(state, 2, 2, ProbeResult.Failure("reset"));
        Assert.Same(state.Checks[2], state.FailingCheck);
        Record(state, 1, 3, ProbeResult.Failure("refused"));
        Assert.Same(state.Checks[1], state.FailingCheck);
    }

    private static void Record(ServerHealthState state, int check, int second, ProbeResult result) =>
        state.Checks[check].Record(result, DateTimeOffset.UnixEpoch.AddSeconds(second));

    private static ServerHealthState State(string checks, int required = 0)
    {
        var pool = new Pool { Name = "pool", MinHealthyMonitors = new MinHealthyMonitors(required) };
        CheckState[] states = [.. checks.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static (text, i) =>
        {
            var monitor = Tcp with { Name = text[..1] };
            var key = new CheckKey(Group, Address(1), monitor.Name, TestChecks.Vip, i, text[2] == 'd');
            var state = new CheckState(new Check(key, "server1", monitor))
            {
                Target = new TargetState { IsVerified = true },
            };
            if (text[3] != '?')
                state.Record(text[3] == 'u' ? ProbeResult.Success
                    : ProbeResult.Failure("bad"), DateTimeOffset.UnixEpoch);
            return state;
        })];
        return new ServerHealthState(
            new MonitoredServer(Group, pool, Server(1), [.. states.Select(static s => s.Check)]), states);
    }
}
