namespace Sidestep.SystemTests.Daemon;

/// <summary>Edits of the configuration that the daemon rejects, under traffic. One daemon meets them all.</summary>
[Collection(SerialTests.Name)]
public sealed class InvalidEditTests(RunningDaemon running) : IClassFixture<RunningDaemon>
{
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
        var (segment, daemon, original) = (running.Segment, running.Daemon, running.Original);
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        var first = traffic.Count;

        var before = daemon.CombinedOutput.Length;
        segment.WriteText(edit(original));
        Eventually.True(() => daemon.CombinedOutput.IndexOf("keeping the previous configuration", before,
            StringComparison.Ordinal) >= 0, () => $"the edit is not rejected:\n{daemon.CombinedOutput}");
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
        segment.Apply(original);
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_degraded_until_it_can_be_read_again()
    {
        var (segment, original) = (running.Segment, running.Original);
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        var first = traffic.Count;

        File.Delete(segment.FilePath);
        Directory.CreateDirectory(segment.FilePath);
        Eventually.True(() => Texts(segment, "degraded").Any(static d =>
            d.Contains("cannot be read, and is tried again", StringComparison.Ordinal)),
            () => segment.Status().ToString());
        Directory.Delete(segment.FilePath);
        segment.Apply(original);
        Assert.Empty(Texts(segment, "degraded"));
        ExchangeAssert.AllAnswered([.. traffic.Stop().Skip(first)]);
    }

    private static string[] Errors(Segment segment) => Texts(segment, "errors");

    private static string[] Texts(Segment segment, string name) =>
        [.. segment.Status().GetProperty("daemon").GetProperty(name).EnumerateArray()
            .Select(static e => e.GetString()!)];
}
