namespace Sidestep.Agent.Input;

/// <summary>An error in the options or the spec, or a precondition that the host does not meet.</summary>
/// <param name="Option">The option, or the name of whatever else causes the error.</param>
/// <param name="Value">The value that was given; empty when none was.</param>
/// <param name="Reason">The rest of the sentence that begins with option and value: <c>is missing</c>.</param>
/// <param name="Remedy">What the operator can do.</param>
internal sealed record Problem(string Option, string Value, string Reason, string Remedy)
{
    /// <summary>Two lines: the error, and the indented remedy.</summary>
    public override string ToString() =>
        $"error: {Subject}: {Reason}\n       {Remedy}";

    /// <summary>The error and the remedy in one line, for the log.</summary>
    public string ToLine() => $"{Subject}: {Reason.TrimEnd('.')}. {Remedy}".ReplaceLineEndings(" ");

    private string Subject => Value.Length > 0 ? $"{Option} {Value}" : Option;
}

/// <summary>All errors of a request. Nothing has been changed. The command line prints them and exits with 2.</summary>
internal sealed class ProblemsException(IReadOnlyList<Problem> problems) : Exception(string.Join('\n', problems))
{
    public IReadOnlyList<Problem> Problems { get; } = problems;

    /// <summary>Throws unless the list is empty.</summary>
    public static void ThrowIfAny(IReadOnlyList<Problem> problems)
    {
        if (problems.Count > 0)
            throw new ProblemsException(problems);
    }
}
