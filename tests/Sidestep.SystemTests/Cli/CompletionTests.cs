namespace Sidestep.SystemTests.Cli;

/// <summary>A real bash completes commands of sidestep.</summary>
public sealed class CompletionTests
{
    [Theory]
    [InlineData("sidestep comple", "completion")]
    [InlineData("sidestep get virtual-s", "virtual-services")]
    [InlineData("sidestep user ", "delete list set")]
    [InlineData("sidestep drain --re", "--reason")]
    [InlineData("sidestep token create x --role adm", "administrator")]
    public void Bash_completes(string line, string expected)
    {
        string folder = Path.GetDirectoryName(Repository.Executable("Sidestep.Cli", "sidestep"))!;
        string path = $"PATH={folder}:{Environment.GetEnvironmentVariable("PATH")}";
        string output = Shell.Run("env", path, "bash", "-c", """
            source <(sidestep completion bash)
            COMP_LINE=$1 COMP_POINT=${#1}
            read -ra COMP_WORDS <<<"$1"
            [[ $1 != *' ' ]] || COMP_WORDS+=('')
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _sidestep
            echo "${COMPREPLY[*]}"
            """, "bash", line);
        Assert.Equal(expected, string.Join(' ', output.Split((char[])[' ', '\n'],
            StringSplitOptions.RemoveEmptyEntries).Where(static w => !w.StartsWith('-') || w == "--reason").Order()));
    }
}
