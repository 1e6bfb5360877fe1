using Sidestep.ConformanceTests.Cases;
using Sidestep.ConformanceTests.Veth;
using Sidestep.ConformanceTests.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Testing;

namespace Sidestep.ConformanceTests;

/// <summary>The case table on the wire: each frame is sent into a cable, and the frame that comes out of a cable is
/// compared.</summary>
[Collection(SerialEngines.Name)]
public sealed class VethDriverTests
{
    private const int MinFrameBytes = 14;

    public static TheoryData<string> Files => [.. Rows.Select(static r => r.File).Distinct()];

    /// <summary>Rows that are possible on a cable. Excluded are frames that no device accepts or that exceed its MTU,
    /// directors that are their own server (rejected by name), and punted frames, which another thread sends
    /// later.</summary>
    private static IEnumerable<Case> Rows =>
        CaseTable.All.Where(static r => r.Steps.All(static s => s.In.Length >= MinFrameBytes
        && s.In.Length <= VethEngine.MtuBytes + MinFrameBytes && s.Decision != Decision.Punted
        && !s.Given.NextHops.Servers.Values.Any(static h => h.IsLocal)));

    [Theory, MemberData(nameof(Files))]
    public async Task Af_packet_driver_conforms_to_the_case_table(string file) =>
        await CheckRowsAsync(Driver.AfPacket, file);

    [Theory, MemberData(nameof(Files))]
    public async Task Af_xdp_driver_conforms_to_the_case_table(string file) => await CheckRowsAsync(Driver.AfXdp, file);

    private static async Task CheckRowsAsync(Driver driver, string file)
    {
        var rows = Rows.Where(r => r.File == file).ToArray();
        using var cables = new VethEngine(
            driver, rows.SelectMany(static r => r.Steps).SelectMany(static s => s.Given.NextHops.Interfaces)
            .DistinctBy(static i => i.Name).ToDictionary(static i => i.Name, static i => $"{i.Mac}"));
        foreach (var row in rows)
        {
            ForwardingTables? tables = null;
            cables.Engine.ClearState();
            foreach (var step in row.Steps)
            {
                if (tables is null || step.ChangesTheSituation)
                    tables = cables.Apply(step, tables);
                // The only wait for a fixed time: the row tests that engine state expires by itself.
                await Task.Delay(step.Wait, TestContext.Current.CancellationToken);
                try
                {
                    CheckStep(cables, step);
                }
                catch (Exception e) when (e is Xunit.Sdk.IAssertionException)
                {
                    Assert.Fail($"{row.Sentence}: {e.Message}");
                }
            }
        }
        Assert.NotEmpty(rows);
    }

    private static void CheckStep(VethEngine cables, Step step)
    {
        var before = NamedCounters.Of(cables.Engine.ReadCounters());
        var comesOut = step.Decision is not (Decision.Pass or Decision.DeliverLocally or Decision.Drop);
        var expectedCounts = $"{step.Counters}";
        string Counted() => $"{NamedCounters.Of(cables.Engine.ReadCounters()).Since(before)}";
        var result = cables.Exchange(
            step.Interface, step.In, comesOut, expectedCounts.Length == 0 ? null : () => Counted() == expectedCounts);
        Assert.Equal(expectedCounts, Counted());
        Assert.Equal(comesOut ? step.Via : null, result?.Interface);
        if (result is { } actual && step.Expected(actual.Frame) is { } expected)
            FrameAssert.Equal(expected, actual.Frame);
    }
}
