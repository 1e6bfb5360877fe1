namespace Sidestep.Lab;

/// <summary>An error that the user can act on. The lab prints it in one line, without a stack trace.</summary>
internal sealed class LabException : Exception
{
    public LabException(string message) : base(message)
    {
    }

    /// <summary>Exit code of the lab's process, not 0.</summary>
    public int ExitCode { get; init; } = 1;

    public LabException(string message, Exception inner) : base(message, inner)
    {
    }
}
