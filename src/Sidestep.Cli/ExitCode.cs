namespace Sidestep.Cli;

/// <summary>What the process returns, the same for every command.</summary>
public static class ExitCode
{
    /// <summary>Done, and all is well.</summary>
    public const int Ok = 0;

    /// <summary>Done, and the answer is no: the configuration has errors, a check failed.</summary>
    public const int Failed = 1;

    /// <summary>Not done: the command line is wrong, or a file cannot be read.</summary>
    public const int Unusable = 2;
}
