using Sidestep.ConformanceTests.Cables;
using Sidestep.ConformanceTests.Cases;
using Sidestep.ConformanceTests.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.ConformanceTests;

/// <summary>The case table once more, on the wire: each frame is sent into a cable, and judged by what comes out of one.</summary>
[Collection(OneAtATime.Name)]
public sealed class CableTests
{
    private const int ShortestOnACable = 14;

    public static TheoryData<string> Files => [.. Rows.Select(static r => r.File).Distinct()];

    /// <summary>Rows that can be on a cable: not those about frames that no device takes or that are longer than it sends, those
    /// about a director that is its own server (refused by name), and those whose outcome another thread sends later.</summary>
    private static IEnumerable<Case> Rows => CaseTable.All.Where(static r => r.Steps.All(static s => s.In.Length >= ShortestOnACable
        && s.In.Length <= CabledEngine.MtuBytes + ShortestOnACable && s.Decision != Decision.Fragmented
        && !s.Given.NextHops.Servers.Values.Any(static h => h.IsLocal)));

    [Theory, MemberData(nameof(Files))]
    public async Task Rows_by_af_packet(string file) => await JudgeAsync(Driver.AfPacket, file);

    [Theory, MemberData(nameof(Files))]
    public async Task Rows_by_af_xdp(string file) => await JudgeAsync(Driver.AfXdp, file);

    private static async Task JudgeAsync(Driver driver, string file)
    {
        var rows = Rows.Where(r => r.File == file).ToArray();
        using var cables = new CabledEngine(driver, rows.SelectMany(static r => r.Steps).SelectMany(static s => s.Given.NextHops.Interfaces)
            .DistinctBy(static i => i.Name).ToDictionary(static i => i.Name, static i => $"{i.Mac}"));
        foreach (var row in rows)
        {
            ForwardingTables? tables = null;
            cables.Engine.Forget();
            foreach (var step in row.Steps)
            {
                if (tables is null || step.ChangesTheSituation)
                    tables = cables.Apply(step, tables);
                // The only wait that is no condition: what is judged is that memory ends by itself.
                await Task.Delay(step.Wait, TestContext.Current.CancellationToken);
                try
                {
                    Judge(cables, step);
                }
                catch (Exception e) when (e is Xunit.Sdk.IAssertionException)
                {
                    Assert.Fail($"{row.Sentence}: {e.Message}");
                }
            }
        }
        Assert.NotEmpty(rows);
    }

    private static void Judge(CabledEngine cables, Step step)
    {
        var before = Counts.Of(cables.Engine.ReadCounters());
        var comesOut = step.Decision is not (Decision.Pass or Decision.DeliverLocally or Decision.Drop);
        var expectedCounts = $"{step.Counters}";
        string Counted() => $"{Counts.Of(cables.Engine.ReadCounters()).Since(before)}";
        var came = cables.Exchange(step.Interface, step.In, comesOut, expectedCounts.Length == 0 ? null : () => Counted() == expectedCounts);
        Assert.Equal(expectedCounts, Counted());
        Assert.Equal(comesOut ? step.Via : null, came?.Interface);
        if (came is { } actual && step.Expected(actual.Frame) is { } expected)
            FrameAssert.Equal(expected, actual.Frame);
    }
}
