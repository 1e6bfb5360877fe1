using Sidestep.Api;

namespace Sidestep.SystemTests.Daemon.Api;

/// <summary>Authorisation in the agent API: a real daemon, and clients on another node.</summary>
public sealed class AgentApiTests(AgentApiTests.RunningDirector running) : IClassFixture<AgentApiTests.RunningDirector>
{
    private readonly AgentApiDirector _director = running.Director;

    [Fact]
    public async Task An_agent_gets_its_spec_reports_and_drains()
    {
        using var client = _director.Client(_director.Ca.Client("server1"));

        var spec = await AgentApiDirector.GetSpecAsync(client, "server1");
        Assert.Equal([Segment.DirectorAddress], spec.Directors.Select(static d => d.ToString()));
        var service = Assert.Single(spec.Services);
        Assert.Equal(("echo", "l2", "udp", Segment.Vip + "/32"),
            (service.Name, service.Dsr, service.Protocol, service.Vips[0].ToString()));

        var response = await client.ReportAsync("server1", Report(AdminStates.Enabled),
            TestContext.Current.CancellationToken);
        Assert.Equal(spec.Revision, response.SpecRevision);

        await client.ReportAsync("server1", Report(AdminStates.Draining), TestContext.Current.CancellationToken);
        Eventually.True(() => StateOf("server1") == "draining",
            () => $"not drained: {_director.Segment.StatusText()}");
        var agent = _director.Segment.Status().GetProperty("agents").EnumerateArray()
            .Single(static a => a.GetProperty("server").GetString() == "server1");
        Assert.Equal((true, "draining"),
            (agent.GetProperty("connected").GetBoolean(), agent.GetProperty("adminState").GetString()));
        await client.DrainAsync("server1", new DrainRequest(AdminStates.Enabled),
            TestContext.Current.CancellationToken);
        Eventually.True(() => StateOf("server1") == "serving",
            () => $"still drained: {_director.Segment.StatusText()}");
    }

    [Fact]
    public async Task A_changed_spec_reaches_the_agent_at_once()
    {
        using var client = _director.Client(_director.Ca.Client("server1"));
        var before = await AgentApiDirector.GetSpecAsync(client, "server1");

        var waiting = client.GetSpecAsync("server1", before.Revision, TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        var original = _director.Segment.File;
        _director.Segment.Apply(
            original with { Services = [.. original.Services, new UdpService("more", "203.0.113.77", 9)] });

        var after = await waiting.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(["echo", "more"], after!.Services.Select(static s => s.Name));
        _director.Segment.Apply(original);
    }

    [Fact]
    public async Task A_client_certificate_of_another_CA_is_rejected_in_the_handshake()
    {
        using var otherCa = new CertificateAuthority("agents");
        using var client = _director.Client(otherCa.Client("server1"));
        var error = await Assert.ThrowsAsync<DirectorException>(() =>
            client.GetSpecAsync("server1", null, TestContext.Current.CancellationToken));
        Assert.Null(error.Status);

        // A joining agent has no certificate yet: the handshake succeeds, and the policy of the endpoint rejects it.
        using var anonymous = _director.Client(null);
        Assert.Equal(403,
            (await Assert.ThrowsAsync<DirectorException>(() =>
            anonymous.GetSpecAsync("server1", null, TestContext.Current.CancellationToken))).Status);
    }

    [Fact]
    public async Task An_agent_rejects_a_director_certificate_of_another_CA()
    {
        using var otherCa = new CertificateAuthority("others");
        using var client = _director.Client(_director.Ca.Client("server1"), otherCa);
        Assert.Null(
            (await Assert.ThrowsAsync<DirectorException>(() =>
            client.GetSpecAsync("server1", null, TestContext.Current.CancellationToken))).Status);
    }

    [Fact]
    public async Task An_agent_cannot_report_for_another_server()
    {
        using var client = _director.Client(_director.Ca.Client("server1"));
        var error = await Assert.ThrowsAsync<DirectorException>(() =>
            client.ReportAsync("server2", Report(AdminStates.Draining), TestContext.Current.CancellationToken));
        Assert.Equal(403, error.Status);
        Assert.Contains("the certificate of 'server1' does not authorise requests for 'server2'", error.Message,
            StringComparison.Ordinal);
        Assert.Equal("serving", StateOf("server2"));

        using var unknown = _director.Client(_director.Ca.Client("server9"));
        Assert.Equal(404,
            (await Assert.ThrowsAsync<DirectorException>(() =>
            unknown.GetSpecAsync("server9", null, TestContext.Current.CancellationToken))).Status);
    }

    [Fact]
    public async Task Command_line_endpoints_are_hidden_from_agents()
    {
        using var client = _director.Client(_director.Ca.Client("server1"));
        Assert.Equal(404,
            (await Assert.ThrowsAsync<DirectorException>(() =>
            client.GetStatusAsync(TestContext.Current.CancellationToken))).Status);
        Assert.Equal(404,
            (await Assert.ThrowsAsync<DirectorException>(() =>
            client.DiagnoseAsync(new DoctorRequest(), TimeSpan.FromSeconds(9),
            TestContext.Current.CancellationToken))).Status);
    }

    private string StateOf(string server) => _director.Segment.Status().GetProperty("pools")[0].GetProperty("servers")
        .EnumerateArray()
        .Single(s => s.GetProperty("name").GetString() == server).GetProperty("state").GetString()!;

    private static AgentReport Report(string adminState) =>
        new()
        {
            AgentVersion = "1",
            OperatingSystem = "linux",
            WallClock = DateTimeOffset.UtcNow,
            AdminState = adminState,
        };

    /// <summary>One director for all tests of the class.</summary>
    public sealed class RunningDirector : IDisposable
    {
        public RunningDirector()
        {
            try
            {
                Director.Start();
            }
            catch
            {
                Director.Dispose();
                throw;
            }
        }

        internal AgentApiDirector Director { get; } = new();

        public void Dispose() => Director.Dispose();
    }
}
