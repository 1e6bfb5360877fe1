using System.Text.Json;
using Sidestep.SystemTests.Api;
using Sidestep.SystemTests.Director;

namespace Sidestep.SystemTests.Agent;

/// <summary>The agent and a real director, which prove to each other who they are: duties come, reports and wishes go, and without
/// an answer the agent goes on.</summary>
public sealed class DirectorLinkTests : IDisposable
{
    private const string Url = "https://" + Segment.DirectorAddress + ":7443", OtherVip = "203.0.113.77";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);
    private readonly Segment _segment = new(servers: 0);
    private readonly Authority _authority = new("agents");
    private readonly NetworkNamespace _server;
    private readonly List<RunningProgram> _agents = [];

    public DirectorLinkTests()
    {
        _server = _segment.Server(1);
        var (certificate, key) = _authority.Issue("director", Segment.DirectorAddress);
        Write("director", certificate, key);
        (certificate, key) = _authority.Issue("server1");
        Write("server1", certificate, key);
        File.WriteAllText(PathOf("authority.pem"), _authority.Pem);
        _segment.File = _segment.File with
        {
            Servers = [Segment.Line(1)],
            More = ["api:", $"  listen: [ \"{Segment.DirectorAddress}:7443\" ]", $"  certificate: {PathOf("director.pem")}", $"  key: {PathOf("director.key")}", $"  clientAuthority: {PathOf("authority.pem")}"],
        };
    }

    [Fact]
    public void DutiesComeWishesGoAndWithoutAnAnswerTheAgentGoesOn()
    {
        var daemon = _segment.Start();
        daemon.Until("agents are heard at");
        var agent = Start().Until("are applied", Patience);
        Assert.Contains(Segment.Vip + "/32", OnLoopback(), StringComparison.Ordinal);

        _segment.Apply(_segment.File with { Services = [.. _segment.File.Services, new ServiceLine("more", OtherVip, 9)] });
        Eventually.True(() => OnLoopback().Contains(OtherVip + "/32", StringComparison.Ordinal), () => $"the other VIP is not there; the agent said:\n{agent.Said}");

        _server.Run(Command("drain"));
        Eventually.True(() => State() == "draining", () => $"not drained: {_segment.StatusText()}\n{agent.Said}");
        _server.Run(Command("undrain"));
        Eventually.True(() => State() == "serving", () => $"still drained: {_segment.StatusText()}\n{agent.Said}");

        daemon.Kill();
        agent.Until("The agent goes on with its last duties.", Patience);
        _server.Ip($"address del {Segment.Vip}/32 dev lo");
        Eventually.True(() => OnLoopback().Contains(Segment.Vip + "/32", StringComparison.Ordinal), () => $"not kept:\n{agent.Said}");

        // The agent's own restart, and of all that it had set up.
        agent.Kill();
        _server.Ip($"address del {Segment.Vip}/32 dev lo");
        var again = Start().Until("goes on with the last duties", Patience).Until("are applied", Patience);
        Assert.Contains(Segment.Vip + "/32", OnLoopback(), StringComparison.Ordinal);

        _segment.Start();
        again.Until($"{Url}/ answers", Patience);
    }

    [Fact]
    public void WhereItIsRequiredAServerGetsTrafficOnlyWithItsAgentsReport()
    {
        _segment.Serve(_server, 1);
        _segment.File = _segment.File with { Health = "admission: { requireAgent: true }" };
        _segment.Start().Until("agents are heard at");
        Eventually.True(() => Health() is { ValueKind: JsonValueKind.Object } h && h.GetProperty("dsrPath").GetString() == "up" && h.GetProperty("waitsForAgent").GetBoolean(),
            () => $"its path is not known to work: {_segment.StatusText()}");
        Assert.Equal(0, Slots());

        var agent = Start();
        Eventually.True(() => Slots() > 0, () => $"no traffic with its report: {_segment.StatusText()}\n{agent.Said}", TimeSpan.FromSeconds(30));

        // Who has traffic keeps it.
        agent.Kill();
        Eventually.True(() => Health().GetProperty("fit").GetBoolean() && Slots() > 0, () => _segment.StatusText());
    }

    [Fact]
    public void AnAuthorityThatIsNotTheDirectorsIsSaid()
    {
        _segment.Start().Until("agents are heard at");
        using var other = new Authority("others");
        File.WriteAllText(PathOf("authority.pem.other"), other.Pem);
        Start("authority.pem.other").Until("cannot be asked", Patience);
        Assert.DoesNotContain(Segment.Vip, OnLoopback(), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        foreach (var agent in _agents)
            agent.Dispose();
        _server.Try(Command("remove"));
        _segment.Dispose();
        _authority.Dispose();
    }

    private RunningProgram Start(string authority = "authority.pem")
    {
        var agent = new RunningProgram("the agent", _server.Enter(Command("run", "--interface", "eth0", "--director", Url,
            "--certificate", PathOf("server1.pem"), "--key", PathOf("server1.key"), "--authority", PathOf(authority))));
        _agents.Add(agent);
        return agent;
    }

    private string[] Command(params string[] arguments) =>
        [Path.Combine(AppContext.BaseDirectory, "sidestep-agent"), .. arguments, "--state-dir", Path.Combine(_segment.Lan.Folder, "agent")];

    private string OnLoopback() => _server.Ip("address show dev lo");

    private JsonElement Health() => _segment.Status().GetProperty("health") is { ValueKind: JsonValueKind.Object } health
        ? health.GetProperty("servers").EnumerateArray().FirstOrDefault(static s => s.GetProperty("name").GetString() == "server1") : default;

    private int Slots() => _segment.Status().GetProperty("pools")[0].GetProperty("servers")[0].GetProperty("slots").GetInt32();

    private string? State() => _segment.Status().GetProperty("pools").EnumerateArray().SelectMany(static p => p.GetProperty("servers").EnumerateArray())
        .First(static s => s.GetProperty("name").GetString() == "server1").GetProperty("state").GetString();

    private string PathOf(string file) => Path.Combine(_segment.Lan.Folder, file);

    private void Write(string name, string certificate, string key)
    {
        File.WriteAllText(PathOf(name + ".pem"), certificate);
        File.WriteAllText(PathOf(name + ".key"), key);
    }
}
