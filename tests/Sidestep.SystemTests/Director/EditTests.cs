using System.Globalization;
using System.Text.Json;

namespace Sidestep.SystemTests.Director;

/// <summary>The configuration is edited while traffic flows.</summary>
[Collection(OneLabAtATime.Name)]
public sealed class EditTests
{
    [Fact]
    public void EditsLoseNoPacketOfUnaffectedServers()
    {
        using var segment = new Segment(servers: 3);
        // The third is there and runs, but is not in the file yet.
        // Flows move at once, so that the newcomer gets some.
        segment.File = segment.File with { Servers = [.. segment.File.Servers.Take(2)], Dsr = segment.File.Dsr + ", udpInTransition: move" };
        segment.Start();
        using var traffic = segment.Send();
        traffic.UntilAllAnswered();
        var first = traffic.Count;

        void Edit(DirectorFile file)
        {
            segment.Apply(file);
            traffic.Pass(100);
        }

        Edit(segment.File with { Servers = [Segment.Line(1) with { Weight = 3 }, Segment.Line(2)] });
        Edit(segment.File with { Servers = [.. segment.File.Servers, Segment.Line(3)] });
        Assert.Contains(traffic.SoFar(), static e => e.By == 3);
        Edit(segment.File with { Services = [.. segment.File.Services, .. Enumerable.Range(0, 200).Select(Another)] });
        Edit(segment.File with { Services = [segment.File.Services[0]] });
        Edit(segment.File with { Servers = [Segment.Line(1) with { Enabled = false }, .. segment.File.Servers.Skip(1)] });
        Edit(segment.File with { Servers = [.. segment.File.Servers.Skip(1)] });
        traffic.Pass(50);

        // All servers lived all the time: a packet that reached any of them was answered.
        var exchanges = traffic.Stop();
        NoLoss.Among([.. exchanges.Skip(first)]);
        Assert.DoesNotContain(exchanges.TakeLast(50), static e => e.By == 1);
    }

    /// <summary>By what is wrong: the edit, and a word of what must be said about it.</summary>
    private static readonly Dictionary<string, (Func<DirectorFile, string> Edit, string Shown)> Bad = new()
    {
        ["no YAML"] = (static f => f + "\n  : [", "sidestep.yaml"),
        ["a value out of range"] = (static f => f.ToString().Replace("port: 7", "port: 70000", StringComparison.Ordinal), "port"),
        ["an unknown key"] = (static f => f.ToString().Replace("onExit", "onExot", StringComparison.Ordinal), "onExot"),
        ["empty"] = (static _ => "", "director"),
        ["an interface that is not there"] = (static f => (f with { Interfaces = [("eth9", "auto")] }).ToString(), "eth9"),
        ["one interface too many"] = (static f => (f with { Interfaces = [("eth0", "auto"), ("eth9", "auto")] }).ToString(), "eth9"),
        ["another mode, of an interface that is not there"] = (static f => (f with { Interfaces = [("eth9", "auto"), ("eth0", "generic")] }).ToString(), "eth9"),
        ["another name"] = (static f => (f with { Name = "other" }).ToString(), "director.name"),
    };

    public static TheoryData<string> BadEdits => [.. Bad.Keys];

    [Theory]
    [MemberData(nameof(BadEdits))]
    public void ABadEditKeepsEverythingIsShownAndIsCuredByTheNextGoodOne(string what)
    {
        var (edit, shown) = Bad[what];
        using var segment = new Segment();
        var daemon = segment.Start();
        using var traffic = segment.Send();
        traffic.UntilAllAnswered();
        var first = traffic.Count;
        var good = segment.File;

        segment.WriteText(edit(good));
        daemon.Until("configuration stays in force");
        Assert.Contains(Errors(segment), e => e.Contains(shown, StringComparison.Ordinal));
        traffic.Pass(100);
        // Events of neighbours do not make the file any better.
        segment.Director.Ip($"neigh flush dev eth0");
        traffic.Pass(250);
        Assert.Contains(Errors(segment), e => e.Contains(shown, StringComparison.Ordinal));
        Assert.Contains(shown, segment.StatusText(), StringComparison.Ordinal);

        segment.Apply(good with { Servers = [.. good.Servers.Take(1)] });
        Assert.Empty(Errors(segment));
        traffic.Pass(100);
        var exchanges = traffic.Stop();
        NoLoss.Among([.. exchanges.Skip(first)]);
        Assert.DoesNotContain(exchanges.TakeLast(50), static e => e.By == 2);
    }

    [Fact]
    public void ReplacingAllServersByNewOnesLeavesNoGap()
    {
        using var segment = new Segment(servers: 3);
        segment.File = segment.File with { Servers = [.. segment.File.Servers.Take(2)] };
        segment.Start();
        using var traffic = segment.Send();
        traffic.UntilAllAnswered();
        var first = traffic.Count;
        // Nothing has told the director where it is.
        segment.Director.Ip("neigh flush all");
        segment.Apply(segment.File with { Servers = [Segment.Line(3)] });
        traffic.Pass(100);
        var exchanges = traffic.Stop();
        NoLoss.Among([.. exchanges.Skip(first)]);
        Assert.All(exchanges.TakeLast(50), static e => Assert.Equal(3, e.By));
    }

    private static ServiceLine Another(int number) =>
        new(string.Create(CultureInfo.InvariantCulture, $"more{number}"), string.Create(CultureInfo.InvariantCulture, $"203.0.113.{20 + number % 100}"), 1000 + number);

    private static JsonElement Daemon(Segment segment) => segment.Status().GetProperty("daemon");

    private static string[] Errors(Segment segment) => [.. Daemon(segment).GetProperty("errors").EnumerateArray().Select(static e => e.GetString()!)];
}
