using System.Text.Json;

namespace Sidestep.SystemTests.Agent.Running;

/// <summary>The agent and a real director with mutual TLS: the agent gets specs, sends reports and admin states, and
/// continues when the director does not respond.</summary>
public sealed class DirectorLinkTests : IDisposable
{
    private const string Url = "https://" + Segment.DirectorAddress + ":7443", OtherVip = "203.0.113.77";
    private static readonly TimeSpan Timeout = Sidestep.Lab.ScaledTimeout.Seconds(90);
    private readonly Segment _segment = new(servers: 0);
    private readonly CertificateAuthority _ca = new("agents");
    private readonly NetworkNamespace _server;
    private readonly List<ChildProcess> _agents = [];

    public DirectorLinkTests()
    {
        _server = _segment.Server(1);
        var (certificate, key) = _ca.Issue("director", Segment.DirectorAddress);
        Write("director", certificate, key);
        (certificate, key) = _ca.Issue("server1");
        Write("server1", certificate, key);
        File.WriteAllText(PathOf("authority.pem"), _ca.Pem);
        _segment.File = _segment.File with
        {
            Servers = [Segment.ServerEntry(1)],
            NodeLines = ["api:", $"  listen: [ \"{Segment.DirectorAddress}:7443\" ]",
                $"  certFile: {PathOf("director.pem")}", $"  keyFile: {PathOf("director.key")}",
                $"  caFile: {PathOf("authority.pem")}"],
        };
    }

    [Fact]
    public void The_agent_applies_its_spec_reports_drains_and_keeps_its_last_spec_without_a_director()
    {
        var daemon = _segment.Start();
        daemon.Until("agent API listening on");
        var agent = Start().Until(" applied: ", Timeout);
        Assert.Contains(Segment.Vip + "/32", OnLoopback(), StringComparison.Ordinal);

        _segment.Apply(_segment.File with
        {
            Services = [.. _segment.File.Services, new UdpService("more", OtherVip, 9)],
        });
        Eventually.True(() => OnLoopback().Contains(OtherVip + "/32", StringComparison.Ordinal),
            () => $"the other VIP is missing; log of the agent:\n{agent.CombinedOutput}");

        _server.Run(Command("drain"));
        Eventually.True(() => State() == "draining",
            () => $"not drained: {_segment.StatusText()}\n{agent.CombinedOutput}");
        _server.Run(Command("undrain"));
        Eventually.True(() => State() == "serving",
            () => $"still drained: {_segment.StatusText()}\n{agent.CombinedOutput}");

        daemon.Kill();
        agent.Until("The agent continues with its last spec.", Timeout);
        _server.Ip($"address del {Segment.Vip}/32 dev lo");
        Eventually.True(() => OnLoopback().Contains(Segment.Vip + "/32", StringComparison.Ordinal),
            () => $"not repaired:\n{agent.CombinedOutput}");

        // A restart of the agent, after the loss of what it had configured.
        agent.Kill();
        _server.Ip($"address del {Segment.Vip}/32 dev lo");
        var again = Start().Until("continuing with the last spec", Timeout).Until(" applied: ", Timeout);
        Assert.Contains(Segment.Vip + "/32", OnLoopback(), StringComparison.Ordinal);

        _segment.Start();
        again.Until($"{Url}/ responds", Timeout);
    }

    [Fact]
    public void With_requireAgent_a_server_gets_no_traffic_before_its_first_agent_report()
    {
        _segment.Serve(_server, 1);
        _segment.File = _segment.File with { PoolLines = "admission: { requireAgent: true }" };
        _segment.Start().Until("agent API listening on");
        Eventually.True(() => Health() is { ValueKind: JsonValueKind.Object } h
                && h.GetProperty("dsrPath").GetString() == "up" && h.GetProperty("waitsForAgent").GetBoolean(),
            () => $"the DSR path is not up: {_segment.StatusText()}");
        Assert.Equal(0, Slots());

        var agent = Start();
        Eventually.True(() => Slots() > 0,
            () => $"no slots in spite of its report: {_segment.StatusText()}\n{agent.CombinedOutput}", Timeout);

        // A server that has traffic keeps it without its agent.
        agent.Kill();
        Eventually.True(() => Health().GetProperty("healthy").GetBoolean() && Slots() > 0, () => _segment.StatusText());
    }

    [Fact]
    public void An_agent_with_the_wrong_CA_logs_the_failure_and_applies_nothing()
    {
        _segment.Start().Until("agent API listening on");
        using var other = new CertificateAuthority("others");
        File.WriteAllText(PathOf("authority.pem.other"), other.Pem);
        Start("authority.pem.other").Until("The agent continues with its last spec.", Timeout);
        Assert.DoesNotContain(Segment.Vip, OnLoopback(), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        foreach (var agent in _agents)
            agent.Dispose();
        _server.Try(Command("remove"));
        _segment.Dispose();
        _ca.Dispose();
    }

    private ChildProcess Start(string caFile = "authority.pem")
    {
        var agent = new ChildProcess("the agent", _server.Enter(Command("run", "--interface", "eth0",
            "--director", Url, "--cert-file", PathOf("server1.pem"), "--key-file", PathOf("server1.key"),
            "--ca-file", PathOf(caFile))));
        _agents.Add(agent);
        return agent;
    }

    private string[] Command(params string[] arguments) => [AgentProcess.Executable, .. arguments,
        "--state-dir", Path.Combine(_segment.Lan.Folder, "agent")];

    private string OnLoopback() => _server.Ip("address show dev lo");

    private JsonElement Health() =>
        _segment.Status().GetProperty("health") is { ValueKind: JsonValueKind.Object } health
            ? health.GetProperty("servers").EnumerateArray().FirstOrDefault(IsServer1) : default;

    private int Slots() =>
        _segment.Status().GetProperty("pools")[0].GetProperty("servers")[0].GetProperty("slots").GetInt32();

    private string? State() => _segment.Status().GetProperty("pools").EnumerateArray()
        .SelectMany(static p => p.GetProperty("servers").EnumerateArray()).First(IsServer1)
        .GetProperty("state").GetString();

    private static bool IsServer1(JsonElement server) => server.GetProperty("name").GetString() == "server1";

    private string PathOf(string file) => Path.Combine(_segment.Lan.Folder, file);

    private void Write(string name, string certificate, string key)
    {
        File.WriteAllText(PathOf(name + ".pem"), certificate);
        File.WriteAllText(PathOf(name + ".key"), key);
    }
}
