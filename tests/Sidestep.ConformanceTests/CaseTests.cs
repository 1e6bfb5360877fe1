using Sidestep.ConformanceTests.Cases;
using Sidestep.ConformanceTests.Xdp;
using Sidestep.Forwarding;

namespace Sidestep.ConformanceTests;

/// <summary>Every row of the case table, through every engine.</summary>
[Collection(OneAtATime.Name)]
public sealed class CaseTests(Engines engines)
{
    public static IEnumerable<TheoryDataRow<string, string>> Rows =>
        from row in CaseTable.All
        from engine in new[] { Engines.OneArm, Engines.SeveralArms }
        where row.StaysOnItsInterface || engine == Engines.SeveralArms
        select new TheoryDataRow<string, string>(engine, row.Sentence) { TestDisplayName = $"{row.Sentence} ({row.File}; {engine})" };

    [Theory, MemberData(nameof(Rows))]
    public void Row(string engineName, string sentence)
    {
        var row = CaseTable.All.Single(c => c.Sentence == sentence);
        var engine = engines[engineName];
        engine.Apply(TableCompiler.Compile(row.Given.Configuration, row.Given.NextHops));
        var before = Counts.Of(engine.ReadCounters());

        var result = engine.Trace(row.In, row.Given.InterfaceIndex(row.Interface));

        var counted = Counts.Of(engine.ReadCounters()).Since(before);
        Assert.Equal($"{row.Counters}", $"{counted}");
        Assert.Equal(ActionOf(row), result.Action);
        if (row.Out is not null)
            FrameAssert.Equal(row.Out, result.Frame.Span);
    }

    /// <summary>How an XDP program says what a row says in words that hold for every engine.</summary>
    private static XdpAction ActionOf(Case row) => row.Decision switch
    {
        Decision.Pass => XdpAction.Pass,
        Decision.Drop => XdpAction.Drop,
        Decision.Forward when !row.StaysOnItsInterface => XdpAction.Redirect,
        _ => XdpAction.Transmit,
    };
}
