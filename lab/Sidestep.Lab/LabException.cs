namespace Sidestep.Lab;

/// <summary>Something that the person at the terminal can act on: said in one line, without a stack trace.</summary>
internal sealed class LabException : Exception
{
    public LabException(string message) : base(message)
    {
    }

    public LabException(string message, Exception inner) : base(message, inner)
    {
    }
}
