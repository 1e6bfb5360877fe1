using Sidestep.Api.Status;
using Sidestep.Cli;

namespace Sidestep.UnitTests.Cli;

/// <summary>The lines about real servers in the text of the status.</summary>
public sealed class HealthTextTests
{
    [Fact]
    public void Healthy_servers_have_no_line()
    {
        Assert.Empty(Lines(TestDirector.Health(TestDirector.HealthyServer)));
        Assert.Empty(Lines(null));
    }

    [Fact]
    public void Server_that_is_down_has_its_error()
    {
        var down = TestDirector.HealthyServer with { Healthy = false, Error = "page, 203.0.113.10 80: timeout" };
        Assert.Equal(["web1 of web/l2: down: page, 203.0.113.10 80: timeout"], Lines(TestDirector.Health(down)));
        Assert.Equal(["web1 of web/l2: down: not verified yet"],
            Lines(TestDirector.Health(down with { Error = null })));
    }

    [Fact]
    public void Time_since_a_server_is_down_is_local()
    {
        var since = new DateTimeOffset(2026, 3, 1, 12, 0, 5, TimeSpan.Zero);
        var down = TestDirector.HealthyServer with { Healthy = false, Since = since, Error = "e" };
        Assert.Equal([$"web1 of web/l2: down since {since.ToLocalTime():yyyy-MM-dd HH:mm:ss}: e"],
            Lines(TestDirector.Health(down)));
    }

    [Fact]
    public void Server_that_waits_for_its_agent_is_not_called_down() =>
        Assert.Equal(["web1 of web/l2: its monitors are up; it waits for its agent to report it healthy"],
            Lines(TestDirector.Health(TestDirector.HealthyServer with
            {
                Healthy = false,
                WaitsForAgent = true,
                Error = "e"
            })));

    [Fact]
    public void Failing_own_address_of_a_healthy_server_has_a_line() =>
        Assert.Equal(["web1 of web/l2: its own address does not respond: refused"],
            Lines(TestDirector.Health(TestDirector.HealthyServer with
            {
                Service = HealthStatus.Down,
                Error = "refused",
            })));

    [Theory]
    [InlineData(true, "responds wrongly: own, 10.0.0.11 80: status code 500")]
    [InlineData(false, "does not respond: own, 10.0.0.11 80: status code 500")]
    public void Own_address_that_answers_is_not_called_silent(bool answers, string text) =>
        Assert.Equal([$"web1 of web/l2: its own address {text}"],
            Lines(TestDirector.Health(TestDirector.HealthyServer with
            {
                Service = HealthStatus.Down,
                Error = "page, 203.0.113.10 80: another one",
                Checks =
                [
                    Check("own", "10.0.0.11 80", "server") with { Responds = answers, Error = "status code 500" },
                ],
            })));

    [Fact]
    public void Server_in_panic_mode_is_down_and_serves()
    {
        var down = TestDirector.HealthyServer with { Healthy = false, ServesInPanic = true, Error = "e" };
        Assert.Equal(
            ["web1 of web/l2: down, but it gets new flows, because too few others are healthy: e"],
            Lines(TestDirector.Health(down)));
    }

    [Fact]
    public void Unproven_checks_of_a_healthy_server_have_one_line()
    {
        var unproven = Check("tcp", "203.0.113.10 81", "dsr-path") with { Unproven = true, Error = "refused" };
        Assert.Equal(["web1 of web/l2: never up here: tcp, 203.0.113.10 81: refused"],
            Lines(TestDirector.Health(TestDirector.HealthyServer with { Checks = [unproven] })));
        Assert.Equal(["web1 of web/l2: never up here: tcp, 203.0.113.10 81: refused, and 2 more checks"],
            Lines(TestDirector.Health(TestDirector.HealthyServer with { Checks = [unproven, unproven, unproven] })));
    }

    private static HealthCheckReport Check(string monitor, string target, string path) => new()
    {
        Monitor = monitor,
        Target = target,
        ProbePath = path,
        Status = HealthStatus.Down,
    };

    [Fact]
    public void MTU_problem_and_passive_signals_follow_with_a_line_each() =>
        Assert.Equal(
            [
                "web1 of web/l2: the path MTU is 1400",
                "web1 of web/l2: passive signal: 3 SYNs without a reply",
                "web1 of web/l2: passive signal: protocol unreachable",
            ],
            Lines(TestDirector.Health(TestDirector.HealthyServer with
            {
                MtuProblem = "the path MTU is 1400",
                PassiveSignals = ["3 SYNs without a reply", "protocol unreachable"],
            })));

    [Theory]
    [InlineData(50, 50, null)]
    [InlineData(51, 51, "and 1 more lines; --json shows all")]
    [InlineData(75, 51, "and 25 more lines; --json shows all")]
    public void More_than_50_lines_are_cut_short(int servers, int lines, string? last)
    {
        var down = TestDirector.HealthyServer with { Healthy = false };
        var written = Lines(TestDirector.Health([.. Enumerable.Range(1, servers)
            .Select(i => down with { Name = $"s{i}" })]));
        Assert.Equal(lines, written.Length);
        Assert.StartsWith("s50 of web/l2", written[49], StringComparison.Ordinal);
        if (last is not null)
            Assert.Equal(last, written[^1]);
    }

    [Theory]
    [InlineData(500, false)]
    [InlineData(501, true)]
    public void Late_probes_are_reported_above_500_milliseconds(double p99, bool isReported)
    {
        var health = TestDirector.Health() with
        {
            Probes = new ProbeStats
            {
                Checks = 9,
                Late = new DurationStats(P99: p99)
            }
        };
        Assert.Equal(
            isReported
                ? ["probes are late: 1 of 100 by more than 501 ms. There are 9 checks: give monitors longer intervals"]
                    : [],
            Lines(health));
    }

    private static string[] Lines(HealthReport? health) =>
        CommandRun.TextOf(o => HealthText.Write(TextConsole.On(o), health))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
