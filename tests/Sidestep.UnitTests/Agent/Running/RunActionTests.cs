using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sidestep.Agent;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Running;
using Sidestep.Agent.State;
using Sidestep.Hosting;
using Sidestep.Hosting.Logging;
using Sidestep.Hosting.Supervision;
using Sidestep.UnitTests.Agent.Actions;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Agent.Running;

public sealed class RunActionTests : ActionFixture
{
    private const string Spec = """{ "revision": 7, "services": [ { "vips": ["203.0.113.10"] } ] }""";
    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly ProcessSignals _signals = new();
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
        Assert.Contains(" info: spec revision 7 applied: 1 VIPs on eth0\n", $"{_output}", StringComparison.Ordinal);
        Assert.EndsWith(" info: SIGTERM: stopping; the host keeps its configuration\n", $"{_output}",
            StringComparison.Ordinal);
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
        Assert.Contains(" error: --spec ", $"{_output}", StringComparison.Ordinal);
        Assert.Contains(" info: continuing with the last spec, revision 7, stored ", $"{_output}",
            StringComparison.Ordinal);
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
            ["error: --spec: is missing, and so is --director, and this host has joined no director",
                "error: --spec: and --director exclude each other"],
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

    [Fact]
    public void Every_problem_of_options_rights_and_files_is_reported_at_once()
    {
        Platform.Privileges = new HostPrivileges(false, true, true);
        var error = Assert.Throws<ProblemsException>(() => Run(Options with { SpecFile = State.PathOf("none") },
            new RunOptions { Directors = ["10.0.1.2"], CertFile = "c", KeyFile = "k" }));
        Assert.Equal(["CAP_NET_ADMIN", "--spec", "--director", "--ca-file", "--spec"],
            error.Problems.Select(static p => p.Option));
    }

    [Fact]
    public void SIGHUP_reads_the_spec_file_again_even_if_it_has_not_changed() => Run(Options,
        whileRunning: _signals.RequestReload, until: $" info: SIGHUP: {State.PathOf("wanted.json")} is read again\n");

    [Fact]
    public void SIGHUP_reads_the_certificates_again() => Run(Options with { SpecFile = null }, WithDirector(),
        _signals.RequestReload, until: " info: SIGHUP: certificates reloaded\n");

    [Fact]
    public void SIGHUP_with_wrong_certificates_keeps_the_previous_ones()
    {
        Run(Options with { SpecFile = null }, WithDirector(), () =>
        {
            File.Delete(State.PathOf("ca.pem"));
            _signals.RequestReload();
        }, until: $" error: --ca-file {State.PathOf("ca.pem")}: ");
        Assert.Contains("The agent keeps the previous certificates.\n", $"{_output}", StringComparison.Ordinal);
        Assert.DoesNotContain("reloaded", $"{_output}", StringComparison.Ordinal);
    }

    [Fact]
    public void A_stop_before_the_start_changes_nothing()
    {
        _signals.RequestStop("SIGINT");
        Run(Options);
        Assert.Empty(Kernel.Changes);
        Assert.EndsWith(" info: SIGINT: stopping; the host keeps its configuration\n", $"{_output}",
            StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_loop_that_fails_is_logged_and_starts_again()
    {
        var waits = 0;
        Platform.OnWait = () =>
        {
            if (++waits == 1)
                throw new FormatException("a bug");
            _signals.RequestStop("SIGTERM");
            return false;
        };
        using (var log = ServiceLog.To(_output, isJournal: false, _time))
        {
            var run = Task.Run(() => new RunAction(Platform, log, _signals).Run(Options, new RunOptions(), _time),
                TestContext.Current.CancellationToken);
            await Until.TrueAsync(() => _time.NextDue == Supervisor.FirstPause, "the loop does not start again");
            _time.Advance(Supervisor.FirstPause);
            await run;
        }
        Assert.True(waits > 1);
        Assert.Contains(" error: event loop failed unexpectedly; it is tried again, and everything else continues",
            $"{_output}", StringComparison.Ordinal);
        Assert.Contains("FormatException: a bug", $"{_output}", StringComparison.Ordinal);
        Assert.Contains("kernel", Platform.Closed);
    }

    public override void Dispose()
    {
        _signals.Dispose();
        base.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Options with a director that does not respond, and valid certificates.</summary>
    private RunOptions WithDirector()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=server1", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return new RunOptions
        {
            Directors = ["https://127.0.0.1:1"],
            CertFile = State.Put("a.pem", certificate.ExportCertificatePem()),
            KeyFile = State.Put("a.key", key.ExportPkcs8PrivateKeyPem()),
            CaFile = State.Put("ca.pem", certificate.ExportCertificatePem()),
        };
    }

    /// <param name="request">The options of all commands.</param>
    /// <param name="options">The options of run.</param>
    /// <param name="whileRunning">Called once, on the thread of the loop.</param>
    /// <param name="until">An event that is waited for before the stop.</param>
    private void Run(Request request, RunOptions? options = null, Action? whileRunning = null, string until = "")
    {
        // Not disposed: that would close what the test reads.
        var writer = TextWriter.Synchronized(_output);
        using var log = ServiceLog.To(writer, isJournal: false, _time);
        var waits = 0;
        var clock = Stopwatch.StartNew();
        Platform.OnWait = () =>
        {
            _time.Advance(EventLoop.MinPassInterval);
            if (++waits == 2)
                whileRunning?.Invoke();
            if (waits >= 3 && Written().Contains(until, StringComparison.Ordinal))
                _signals.RequestStop("SIGTERM");
            // An exception would only start the loop again.
            if (clock.Elapsed > TimeSpan.FromSeconds(60))
                _signals.RequestStop("timeout");
            // The threads of the directors write, too.
            Thread.Yield();
            return false;
        };
        new RunAction(Platform, log, _signals).Run(request, options ?? new RunOptions(), _time);
        Assert.Contains(until, Written(), StringComparison.Ordinal);

        string Written()
        {
            lock (writer)
                return $"{_output}";
        }
    }
}
