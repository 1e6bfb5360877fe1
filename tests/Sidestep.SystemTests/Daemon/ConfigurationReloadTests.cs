using System.Globalization;
using System.Text.Json;

namespace Sidestep.SystemTests.Daemon;

/// <summary>Edits of the configuration under traffic.</summary>
[Collection(SerialTests.Name)]
public sealed class ConfigurationReloadTests
{
    [Fact]
    public void Edits_lose_no_packet_of_unaffected_servers()
    {
        using var segment = new Segment(servers: 3);
        // The third server runs, but is not in the file yet.
        // Flows move at once, so that the new server gets some.
        segment.File = segment.File with
        {
            Servers = [.. segment.File.Servers.Take(2)],
            ProfileLines = segment.File.ProfileLines + ", udpOnRebalance: move"
        };
        segment.Start();
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        var first = traffic.Count;

        void Edit(DirectorConfiguration file)
        {
            segment.Apply(file);
            traffic.WaitForSent(100);
        }

        Edit(segment.File with { Servers = [Segment.ServerEntry(1) with { Weight = 3 }, Segment.ServerEntry(2)] });
        Edit(segment.File with { Servers = [.. segment.File.Servers, Segment.ServerEntry(3)] });
        Assert.Contains(traffic.Snapshot(), static e => e.Server == 3);
        Edit(segment.File with
        {
            Services = [.. segment.File.Services, .. Enumerable.Range(0, 200)
            .Select(ExtraService)]
        });
        Edit(segment.File with { Services = [segment.File.Services[0]] });
        Edit(segment.File with
        {
            Servers = [Segment.ServerEntry(1) with { Enabled = false },
            .. segment.File.Servers.Skip(1)]
        });
        Edit(segment.File with { Servers = [.. segment.File.Servers.Skip(1)] });
        traffic.WaitForSent(50);

        // All servers run all the time: a packet that reaches any of them is answered.
        var exchanges = traffic.Stop();
        ExchangeAssert.AllAnswered([.. exchanges.Skip(first)]);
        Assert.DoesNotContain(exchanges.TakeLast(50), static e => e.Server == 1);
    }

    /// <summary>By the mistake: the edit, and a part of the error.</summary>
    private static readonly Dictionary<string,
        (Func<DirectorConfiguration, string> Edit, string Shown)> InvalidEditCases = new()
        {
            ["no YAML"] = (static f => f + "\n  : [", "sidestep.yaml"),
            ["a value out of range"] = (static f => f.ToString()
                .Replace("port: 7", "port: 70000", StringComparison.Ordinal), "port"),
            ["an unknown key"] = (static f => f.ToString()
                .Replace("onExit", "onExot", StringComparison.Ordinal), "onExot"),
            ["empty"] = (static _ => "", "node and group"),
            ["an interface that is not there"] = (static f => (f with { Interfaces = [("eth9", "auto")] })
                .ToString(), "eth9"),
            ["one interface too many"] = (static f => (f with { Interfaces = [("eth0", "auto"), ("eth9", "auto")] })
                .ToString(), "eth9"),
            ["another mode, of an interface that is not there"] = (static f =>
                (f with { Interfaces = [("eth9", "auto"), ("eth0", "generic")] }).ToString(), "eth9"),
            ["another name"] = (static f => (f with { Name = "other" }).ToString(), "node.name"),
        };

    public static TheoryData<string> InvalidEdits => [.. InvalidEditCases.Keys];

    [Theory]
    [MemberData(nameof(InvalidEdits))]
    public void An_invalid_edit_changes_nothing_and_is_reported_until_the_next_valid_one(string editCase)
    {
        var (edit, shown) = InvalidEditCases[editCase];
        using var segment = new Segment();
        var daemon = segment.Start();
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        var first = traffic.Count;
        var original = segment.File;

        segment.WriteText(edit(original));
        daemon.Until("keeping the previous configuration");
        Assert.Contains(Errors(segment), e => e.Contains(shown, StringComparison.Ordinal));
        traffic.WaitForSent(100);
        // Events of neighbours do not clear the errors.
        segment.Director.Ip($"neigh flush dev eth0");
        traffic.WaitForSent(250);
        Assert.Contains(Errors(segment), e => e.Contains(shown, StringComparison.Ordinal));
        Assert.Contains(shown, segment.StatusText(), StringComparison.Ordinal);

        segment.Apply(original with { Servers = [.. original.Servers.Take(1)] });
        Assert.Empty(Errors(segment));
        traffic.WaitForSent(100);
        var exchanges = traffic.Stop();
        ExchangeAssert.AllAnswered([.. exchanges.Skip(first)]);
        Assert.DoesNotContain(exchanges.TakeLast(50), static e => e.Server == 2);
    }

    [Fact]
    public void Replacing_all_servers_leaves_no_gap()
    {
        using var segment = new Segment(servers: 3);
        segment.File = segment.File with { Servers = [.. segment.File.Servers.Take(2)] };
        segment.Start();
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        var first = traffic.Count;
        // The director does not know its next hop yet.
        segment.Director.Ip("neigh flush all");
        segment.Apply(segment.File with { Servers = [Segment.ServerEntry(3)] });
        traffic.WaitForSent(100);
        var exchanges = traffic.Stop();
        ExchangeAssert.AllAnswered([.. exchanges.Skip(first)]);
        Assert.All(exchanges.TakeLast(50), static e => Assert.Equal(3, e.Server));
    }

    private static UdpService ExtraService(int number) =>
        new(string.Create(CultureInfo.InvariantCulture, $"more{number}"),
        string.Create(CultureInfo.InvariantCulture, $"203.0.113.{20 + number % 100}"), 1000 + number);

    private static JsonElement Daemon(Segment segment) => segment.Status().GetProperty("daemon");

    private static string[] Errors(Segment segment) =>
        [.. Daemon(segment).GetProperty("errors").EnumerateArray().Select(static e => e.GetString()!)];
}
