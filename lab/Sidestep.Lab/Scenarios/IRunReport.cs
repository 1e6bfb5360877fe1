namespace Sidestep.Lab.Scenarios;

/// <summary>The result of any kind of run.</summary>
internal interface IRunReport
{
    /// <summary>Descriptions of all problems, each with a hint where to look.</summary>
    IReadOnlyList<string> Problems { get; }

    bool Ok => Problems.Count == 0;

    /// <summary>The result as one JSON object.</summary>
    string ToJson();

    /// <summary>Prints the result as text.</summary>
    void Write();
}
