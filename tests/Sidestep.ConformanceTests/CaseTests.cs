using Sidestep.ConformanceTests.Cases;
using Sidestep.ConformanceTests.Xdp;
using Sidestep.Forwarding;
using Sidestep.Testing;

namespace Sidestep.ConformanceTests;

/// <summary>Every row of the case table, on every engine.</summary>
[Collection(SerialEngines.Name)]
public sealed class CaseTests(Engines engines)
{
    public static IEnumerable<TheoryDataRow<string, string>> Rows =>
        from row in CaseTable.All
        from engine in Engines.All
        where row.StaysOnItsInterface || engine != Engines.OneArm
        select new TheoryDataRow<string, string>(engine, row.Sentence)
        {
            TestDisplayName = $"{row.Sentence} ({row.File}; {engine})",
        };

    [Theory, MemberData(nameof(Rows))]
    public async Task Engine_conforms_to_the_row_of_the_case_table(string engineName, string sentence)
    {
        var row = CaseTable.All.Single(c => c.Sentence == sentence);
        var engine = row.NeedsCleanState ? engines.WithCleanState(engineName) : engines[engineName];
        var tables = TableCompiler.Compile(row.Given.Configuration, row.Given.NextHops, now: row.Steps[0].Now);
        engine.Apply(tables);
        foreach (var step in row.Steps)
        {
            if (step.ChangesTheSituation)
            {
                tables = TableCompiler.Compile(
                    step.Given.Configuration, step.Given.NextHops, tables, step.Now, engine.ReadFlows);
                engine.Apply(tables);
            }
            // The only wait for a fixed time: the row tests that engine state expires by itself.
            await Task.Delay(step.Wait, TestContext.Current.CancellationToken);
            CheckStep(engine, step);
        }
    }

    private static void CheckStep(IEngine engine, Step step)
    {
        var before = NamedCounters.Of(engine.ReadCounters());
        var result = engine.Trace(step.In, step.Given.InterfaceIndex(step.Interface));
        var counted = NamedCounters.Of(engine.ReadCounters()).Since(before);
        Assert.Equal($"{step.Counters}", $"{counted}");
        Assert.Equal(ActionOf(step), result.Action);
        if (step.Expected(result.Frame.ToArray()) is { } expected)
            FrameAssert.Equal(expected, result.Frame.Span);
    }

    /// <summary>The XDP action of a decision, which a row states independently of the engine.</summary>
    private static XdpAction ActionOf(Step step) => step.Decision switch
    {
        Decision.Pass or Decision.DeliverLocally => XdpAction.Pass,
        // The daemon takes the frame from the ring and sends it in fragments.
        Decision.Drop or Decision.Punted => XdpAction.Drop,
        _ when !step.StaysOnItsInterface => XdpAction.Redirect,
        _ => XdpAction.Transmit,
    };
}
