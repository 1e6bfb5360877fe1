using System.Text.Json;

namespace Sidestep.SystemTests.Director;

/// <summary>Monitors of a daemon that runs, and servers that lose what they need.</summary>
public sealed class HealthTests
{
    [Fact]
    public void AServerWithoutItsVipLeavesAndComesBack()
    {
        using var segment = new Segment();
        segment.File = segment.File with { Health = "" };
        segment.Start();
        using var traffic = segment.Send();
        traffic.UntilAllAnswered();
        UntilSlots(segment, "server1", true);
        UntilSlots(segment, "server2", true);

        segment.Servers[0].Ip($"address del {Segment.Vip}/32 dev lo");
        UntilSlots(segment, "server1", false);
        var failed = Health(segment, "server1");
        Assert.Equal(("failed", false, "down"), (Server(segment, "server1").GetProperty("state").GetString(), failed.GetProperty("fit").GetBoolean(), failed.GetProperty("dsrPath").GetString()));
        Assert.Contains($"icmp, {Segment.Vip}: no answer within 1 s", failed.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Contains("server1 of pool/l2: not fit since", segment.StatusText(), StringComparison.Ordinal);

        segment.Servers[0].Ip($"address add {Segment.Vip}/32 dev lo");
        UntilSlots(segment, "server1", true);
    }

    [Fact]
    public void AServerThatHadTrafficKeepsItOverARestart()
    {
        using var segment = new Segment(servers: 1);
        segment.File = segment.File with { OnExit = "keep", Health = "monitors: [patient]", Monitors = ["name: patient, type: icmp, interval: 5, timeout: 1, fall: 3"] };
        var first = segment.Start();
        UntilSlots(segment, "server1", true);
        first.Kill();
        // Nobody could prove anything by now; and the first verdict takes three intervals.
        segment.Servers[0].Ip($"address del {Segment.Vip}/32 dev lo");
        Assert.Contains("applied: 1 services, 1 servers take traffic", segment.Start().Said, StringComparison.Ordinal);
        UntilSlots(segment, "server1", false);
    }

    /// <summary>Nobody has asked the third server before, and what the others had is no longer in the file.</summary>
    [Theory]
    [InlineData("pool")]
    [InlineData("next")]
    public void ServersThatNobodyKnowsTakeOverWithoutAGap(string pool)
    {
        using var segment = new Segment(servers: 3);
        segment.File = segment.File with { Health = "", Servers = [.. segment.File.Servers.Take(2)] };
        segment.Start();
        using var traffic = segment.Send();
        traffic.UntilAllAnswered();
        var first = traffic.Count;

        // Not ready yet: it takes over when it is, and not before.
        segment.Servers[2].Ip($"address del {Segment.Vip}/32 dev lo");
        segment.Apply(segment.File with { Servers = [Segment.Line(3)], Pool = pool });
        traffic.Pass(300);
        Assert.Contains(segment.Status().GetProperty("daemon").GetProperty("degraded").EnumerateArray(),
            static d => d.GetString()!.Contains("have not proven themselves yet", StringComparison.Ordinal));
        segment.Servers[2].Ip($"address add {Segment.Vip}/32 dev lo");
        Eventually.True(() => traffic.SoFar().TakeLast(20).Any(static e => e.By == 3), () => segment.Status().ToString(), TimeSpan.FromSeconds(30));
        traffic.Pass(100);

        var exchanges = traffic.Stop();
        NoLoss.Among([.. exchanges.Skip(first)]);
        Assert.All(exchanges.TakeLast(50), static e => Assert.Equal(3, e.By));
        Assert.Equal("server3", Assert.Single(segment.Status().GetProperty("pools").EnumerateArray()).GetProperty("servers").EnumerateArray().Single().GetProperty("name").GetString());
        Assert.Empty(segment.Status().GetProperty("daemon").GetProperty("degraded").EnumerateArray());
    }

    [Fact]
    public void WhenNobodyIsFitTheVipIsOutOfService()
    {
        using var segment = new Segment(servers: 1);
        segment.File = segment.File with { Health = "" };
        segment.Servers[0].Ip($"address del {Segment.Vip}/32 dev lo");
        segment.Start();
        Assert.NotEqual(0, segment.Client.Try("ping", "-c", "1", "-W", "1", Segment.Vip).ExitCode);
        segment.Servers[0].Ip($"address add {Segment.Vip}/32 dev lo");
        UntilSlots(segment, "server1", true);
        Assert.Equal(0, segment.Client.Try("ping", "-c", "1", "-W", "2", Segment.Vip).ExitCode);
    }

    [Fact]
    public void TheMtuOfTheWayIsMeasuredAndAServerThatRefusesOuterHeadersIsSuspected()
    {
        using var segment = new Segment(servers: 2);
        // The first one's cable takes less than the director's.
        segment.Servers[0].Ip("link set dev eth0 mtu 1400");
        segment.File = segment.File with { Health = "" };
        segment.Start();
        UntilSlots(segment, "server2", true);
        Eventually.True(() => Health(segment, "server2") is var h && h.GetProperty("workingRoom").ValueKind == JsonValueKind.Number, () => Health(segment, "server2").ToString());
        Assert.Equal(1500, Health(segment, "server2").GetProperty("workingRoom").GetInt32());
        // A veth lets a VLAN tag's four bytes more pass.
        Eventually.True(() => Health(segment, "server1").GetProperty("mtuProblem").ValueKind == JsonValueKind.String, () => Health(segment, "server1").ToString(), TimeSpan.FromSeconds(60));
        Assert.InRange(Health(segment, "server1").GetProperty("workingRoom").GetInt32(), 1400, 1404);

        segment.Apply(segment.File with { Dsr = "encapsulation: ipip" });
        Eventually.True(() => Health(segment, "server2") is var h && h.GetProperty("suspicions").GetArrayLength() > 0, () => segment.Status().ToString());
        Assert.Contains("refuses the outer header (protocol unreachable): it does not decapsulate", Health(segment, "server2").GetProperty("suspicions")[0].GetString(), StringComparison.Ordinal);
    }

    private static void UntilSlots(Segment segment, string server, bool has) => Eventually.True(
        () => Server(segment, server).GetProperty("slots").GetInt32() > 0 == has, () => segment.Status().ToString(), TimeSpan.FromSeconds(30));

    private static JsonElement Server(Segment segment, string name) => segment.Status().GetProperty("pools")[0].GetProperty("servers").EnumerateArray()
        .Single(s => s.GetProperty("name").GetString() == name);

    /// <summary>It is written once a second.</summary>
    private static JsonElement Health(Segment segment, string name)
    {
        JsonElement found = default;
        Eventually.True(
            () => segment.Status().GetProperty("health") is { ValueKind: JsonValueKind.Object } health
                && (found = health.GetProperty("servers").EnumerateArray().FirstOrDefault(s => s.GetProperty("name").GetString() == name)).ValueKind == JsonValueKind.Object
                && found.GetProperty("fit").GetBoolean() == Server(segment, name).GetProperty("slots").GetInt32() > 0,
            () => segment.Status().ToString());
        return found;
    }
}
