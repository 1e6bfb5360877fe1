namespace Sidestep.Daemon.Api;

/// <summary>Names of the users of this machine.</summary>
internal static class UserNames
{
    private const string NoLogin = "4294967295";

    /// <summary>Who logged in, for a process that sudo or su started as another user: <c>, login alice</c>; empty if
    /// the kernel does not know (proc_pid_loginuid(5)).</summary>
    /// <param name="processId">The process.</param>
    internal static string LoginOf(string? processId)
    {
        try
        {
            return processId is null or "0" || File.ReadAllText($"/proc/{processId}/loginuid").Trim() is not { } user
                || user == NoLogin ? "" : $", login {Of(user)}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>The name of a user ID (passwd(5)); the ID itself if the file has none. Users of other name services
    /// have none.</summary>
    /// <param name="userId">The ID in decimal digits.</param>
    internal static string Of(string userId)
    {
        try
        {
            return File.ReadLines("/etc/passwd").Select(static line => line.Split(':'))
                .FirstOrDefault(fields => fields.Length > 2 && fields[2] == userId)?[0] ?? userId;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return userId;
        }
    }
}
