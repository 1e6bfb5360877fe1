namespace Sidestep.Api;

/// <summary>An error of the API (RFC 9457, application/problem+json).</summary>
/// <param name="Title">What happened, in a few words.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">Names the thing, the place and the cure.</param>
public sealed record ApiProblem(string Title, int Status, string Detail)
{
    /// <summary>The media type.</summary>
    public const string MediaType = "application/problem+json";
}

/// <summary>A director that could not be asked, or that refused.</summary>
public sealed class DirectorException : Exception
{
    /// <summary>Without a message there is nothing to do about it.</summary>
    public DirectorException()
    {
    }

    /// <summary>With what happened and what to do.</summary>
    public DirectorException(string message)
        : base(message)
    {
    }

    /// <summary>With what happened, what to do, and the cause.</summary>
    public DirectorException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>The HTTP status, if there was an answer.</summary>
    public int? Status { get; init; }
}
