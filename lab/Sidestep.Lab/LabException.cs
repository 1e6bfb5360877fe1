namespace Sidestep.Lab;

/// <summary>Something that the person at the terminal can act on: said in one line, without a stack trace.</summary>
internal sealed class LabException : Exception
{
    public LabException(string message) : base(message)
    {
    }

    /// <summary>What the lab ends with.</summary>
    public int ExitCode { get; init; } = 1;

    public LabException(string message, Exception inner) : base(message, inner)
    {
    }
}
