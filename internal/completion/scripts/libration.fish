# Completion of libration for fish: source it, or put it as the file libration.fish into
# ~/.config/fish/completions.
function __libration_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] completion words --current="$current" -- $words[2..-1] 2>/dev/null)
        if test "$line" = ":files"
            set -l prefix (string match -r -- '^--[^=]*=' $current)
            for file in (__fish_complete_path (string replace -r -- '^--[^=]*=' '' $current | string unescape))
                echo "$prefix$file"
            end
        else
            echo $line
        end
    end
end
complete -c libration -f -a '(__libration_complete)'
