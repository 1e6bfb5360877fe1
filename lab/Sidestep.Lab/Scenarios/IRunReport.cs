namespace Sidestep.Lab.Scenarios;

/// <summary>The result of a run, whatever kind of run it was.</summary>
internal interface IRunReport
{
    /// <summary>All that is not well, in words, with what to look at.</summary>
    IReadOnlyList<string> Problems { get; }

    bool Ok => Problems.Count == 0;

    /// <summary>For programs: one object.</summary>
    string ToJson();

    /// <summary>For people.</summary>
    void Write();
}
