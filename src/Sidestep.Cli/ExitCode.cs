namespace Sidestep.Cli;

/// <summary>Exit codes of the process, the same for every command.</summary>
public static class ExitCode
{
    /// <summary>The command did its work, and nothing is wrong.</summary>
    public const int Ok = 0;

    /// <summary>The command did its work, and the result is negative: the configuration has errors, a check
    /// failed.</summary>
    public const int Failed = 1;

    /// <summary>The command did not do its work: the command line is wrong, or a file cannot be read.</summary>
    public const int Unusable = 2;
}
